import { ThreadQueue, ThreadStream } from '@quorate/queue/shared';
import { createTeam, parkAsync } from '@quorate/threads';
import { Piscina } from 'piscina';
import type { Setup } from '../../suite.ts';
import { Flow, Sum, handed, messageBytes } from './flow-memory.ts';
import { type FlowOptions, diamondStages, rolesOf } from './flow-roles.ts';
import { type FlowOrder, endMark } from './flow-task.ts';

/** Slots of a ring. */
const capacity = 1024;

/** Messages from some Piscina workers to others, as fast as they go. Returns the sum of all words that were read. */
export function flow(options: FlowOptions): Setup {
  return async () => {
    const { kind, messages } = options;
    const roles = rolesOf(options);
    const threads = roles.length;
    const producers = roles.filter(({ role }) => role === 'produce').length;
    const isDiamond = options.topology === 'diamond';
    const team = createTeam();
    const seat = { team, member: team.join() };
    const size = { capacity, messageBytes };
    const queue = ThreadQueue.create({ ...seat, ...size });
    const stages = isDiamond ? diamondStages : undefined;
    const stream = ThreadStream.create({ ...seat, ...size, stages });
    const memory = new SharedArrayBuffer(Flow.size + threads * Sum.size);
    const { round, done } = Flow.view(memory);
    const sums = Array.from(
      { length: threads },
      (_, index) => Sum.view(memory, Flow.size + index * Sum.size).sum,
    );
    const pool = new Piscina<FlowOrder, void>({
      filename: new URL('flow-task.ts', import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
    });
    const tasks = roles.map((role, index) => {
      const order = {
        ...role,
        kind,
        isDiamond,
        memory,
        index,
        each: messages / producers,
        total: messages,
        team: team.buffer,
        member: team.join(),
        place: kind === 'queue' ? queue.place : stream.place,
      };
      return pool.run(order, handed([...role.ports, ...(role.next ? [role.next] : [])]));
    });
    const finished = async (count: number): Promise<void> => {
      for (let now = 0; now < count; now = Atomics.load(done, 0)) await parkAsync(done, 0, now);
    };
    const begin = (number: number): void => {
      Atomics.store(round, 0, number);
      Atomics.notify(round, 0);
    };
    return {
      ops: messages,
      async run() {
        Atomics.store(done, 0, 0);
        begin(Atomics.load(round, 0) + 1);
        if (kind === 'queue') {
          await finished(producers);
          const end = new Uint8Array(Int32Array.of(endMark).buffer);
          for (let count = 0; count < threads - producers; count++) await queue.pushAsync(end);
        }
        await finished(threads);
        return sums.reduce((all, sum) => (all + (sum[0] as number)) | 0, 0);
      },
      async close() {
        begin(-1);
        await Promise.all(tasks);
        await pool.destroy();
        queue[Symbol.dispose]();
        stream[Symbol.dispose]();
      },
    };
  };
}
