import type { Kernel, Setup } from '../../suite.ts';
import { messageBytes, type OpenLine } from './line.ts';
import { connectThreads, peer, type ThreadWay } from './thread-transport.ts';

/** Messages through one of our transports between two threads, or within one, by events. */
export function threadLine(way: Exclude<ThreadWay, 'shared, blocking'>): OpenLine {
  return async hear => {
    const { transport, close } = await connectThreads(
      way,
      { type: 'echo' },
      { onMessage: (_, message) => hear(message) },
    );
    return {
      send(message) {
        const result = transport.send(peer, message);
        if (result !== 'sent') throw new Error(`Message must be sent: received "${result}"`);
      },
      close,
    };
  };
}

/** Round trips through shared memory between two threads that block until a message comes. */
export function blockingRoundTrips(trips: number): Setup {
  return async (): Promise<Kernel> => {
    const message = new Uint8Array(messageBytes);
    const answers = { count: 0, last: 0 };
    const { transport, receive, close } = await connectThreads(
      'shared, blocking',
      { type: 'echo' },
      {
        onMessage(_, answer) {
          answers.count++;
          answers.last = answer[0] as number;
        },
      },
    );
    const trip = (index: number): number => {
      const { count } = answers;
      message[0] = index;
      const result = transport.send(peer, message);
      if (result !== 'sent') throw new Error(`Message must be sent: received "${result}"`);
      while (answers.count === count) receive?.();
      return answers.last;
    };
    return {
      ops: trips,
      run() {
        let sum = 0;
        for (let index = 0; index < trips; index++) sum = (Math.imul(sum, 31) + trip(index)) | 0;
        return sum;
      },
      call: trip,
      close,
    };
  };
}
