import { MessageChannel } from 'node:worker_threads';
import { ThreadQueue, ThreadStream } from '@quorate/queue/shared';
import { createTeam, parkAsync } from '@quorate/threads';
import { Piscina } from 'piscina';
import type { Setup } from '../../suite.ts';
import { Flow, Sum, handed, messageBytes } from './flow-memory.ts';
import { type FlowKind, type FlowOrder, endMark } from './flow-task.ts';

/** Slots of a ring. */
const capacity = 1024;

/** How many threads send and receive how much. */
export interface FlowOptions {
  readonly kind: FlowKind;
  readonly producers: number;
  readonly consumers: number;
  /** Messages of a round, of all producers; enough that a round takes some milliseconds. */
  readonly messages: number;
}

type Roles = Pick<FlowOrder, 'role' | 'ports'>[];

/** Each producer has a port to each consumer. */
function rolesOf({ producers, consumers }: FlowOptions): Roles {
  const channels = Array.from({ length: producers }, () =>
    Array.from({ length: consumers }, () => new MessageChannel()),
  );
  const senders = channels.map(row => ({ role: 'produce' as const, ports: row.map(({ port1 }) => port1) }));
  const receivers = Array.from({ length: consumers }, (_, index) => ({
    role: 'consume' as const,
    ports: channels.map(row => (row[index] as MessageChannel).port2),
  }));
  return [...senders, ...receivers];
}

/** Messages from some Piscina workers to others, as fast as they go. Returns the sum of all words that were read. */
export function flow(options: FlowOptions): Setup {
  return async () => {
    const { kind, producers, consumers, messages } = options;
    const team = createTeam();
    const seat = { team, member: team.join() };
    const size = { capacity, messageBytes };
    const queue = ThreadQueue.create({ ...seat, ...size });
    const stream = ThreadStream.create({ ...seat, ...size });
    const threads = producers + consumers;
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
    const tasks = rolesOf(options).map(({ role, ports }, index) => {
      const place = kind === 'queue' ? queue.place : stream.place;
      const each = messages / producers;
      const member = team.join();
      const order = {
        kind,
        role,
        memory,
        index,
        each,
        total: messages,
        team: team.buffer,
        member,
        place,
        ports,
      };
      return pool.run(order, handed(ports));
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
          for (let count = 0; count < consumers; count++) await queue.pushAsync(end);
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
