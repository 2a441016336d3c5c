import { MessageChannel } from 'node:worker_threads';
import { ThreadStream } from '@quorate/queue/shared';
import { createTeam } from '@quorate/threads';
import { Piscina } from 'piscina';
import type { Kernel } from '../../suite.ts';
import type { EchoOrder } from './echo-task.ts';
import { handed, messageBytes } from './flow-memory.ts';

/** A message at a time goes to a Piscina worker and comes back. */
const trips = 200;

function pool(): Piscina<EchoOrder, void> {
  const filename = new URL('echo-task.ts', import.meta.url).href;
  return new Piscina({ filename, minThreads: 1, maxThreads: 1 });
}

/** Both threads block. */
export function streamEcho(spins: number): () => Kernel {
  return () => {
    const team = createTeam();
    const seat = { team, member: team.join(), spins };
    const size = { capacity: 16, messageBytes };
    const [there, back] = [
      ThreadStream.create({ ...seat, ...size }),
      ThreadStream.create({ ...seat, ...size }),
    ];
    const [producer, consumer] = [there.produce(), back.consume()];
    const workers = pool();
    const member = team.join();
    const order = { team: team.buffer, member, there: there.place, back: back.place, spins, port: undefined };
    const task = workers.run(order);
    let got = 0;
    const trip = (number: number): number => {
      producer.write(messageBytes, ({ words, wordOffset }) => {
        words[wordOffset] = number;
      });
      consumer.read(({ words, wordOffset }) => {
        got = words[wordOffset] as number;
      });
      return got;
    };
    return {
      ops: trips,
      run() {
        let sum = 0;
        for (let number = 1; number <= trips; number++) sum += trip(number);
        return sum;
      },
      call: trip,
      async close() {
        producer.close();
        await task;
        await workers.destroy();
        for (const stream of [there, back]) stream[Symbol.dispose]();
      },
    };
  };
}

/** Both threads are in their event loops. */
export function portEcho(): Kernel {
  const { port1, port2 } = new MessageChannel();
  const workers = pool();
  const nowhere = { buffer: new SharedArrayBuffer(16), byteOffset: 0 };
  const order = { team: nowhere.buffer, member: 0, there: nowhere, back: nowhere, spins: 0, port: port2 };
  const task = workers.run(order, handed([port2]));
  let settle: (value: number) => void = () => {};
  port1.on('message', (message: Int32Array) => settle(message[0] as number));
  const message = new Int32Array(messageBytes / 4);
  const trip = (number: number): Promise<number> =>
    new Promise(resolve => {
      settle = resolve;
      message[0] = number;
      port1.postMessage(message);
    });
  return {
    ops: trips,
    async run() {
      let sum = 0;
      for (let number = 1; number <= trips; number++) sum += await trip(number);
      return sum;
    },
    call: trip,
    async close() {
      port1.close();
      await task;
      await workers.destroy();
    },
  };
}
