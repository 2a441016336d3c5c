import { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { spawn } from '@quorate/threads';
import type { Kernel } from '../suite.ts';
import type { echo } from './echo-service.ts';
import { type PingPongOrder, pingPong, say, waiting } from './ping-pong.ts';

/** Sends a number to another thread; settles with what comes back. */
export interface Echo {
  readonly send: (value: number) => Promise<number>;
  readonly close: () => Promise<unknown>;
}

const here = (file: string): URL => new URL(file, import.meta.url);

export async function callEcho(): Promise<Echo> {
  const worker = await spawn<typeof echo>(here('echo-service.ts'));
  return { send: value => worker.call('echo', value), close: () => worker.close() };
}

/** A worker of Node's own and its message events, with nothing in between but the order of answers. */
export async function portEcho(): Promise<Echo> {
  const worker = new Worker(here('echo-port.ts'));
  const waiting: ((value: number) => void)[] = [];
  let answered = 0;
  worker.on('message', (value: number) => {
    const settle = waiting[answered];
    waiting[answered++] = undefined as never;
    if (answered === waiting.length) {
      waiting.length = 0;
      answered = 0;
    }
    settle?.(value);
  });
  await new Promise(resolve => worker.once('online', resolve));
  return {
    send: value =>
      new Promise(resolve => {
        waiting.push(resolve);
        worker.postMessage(value);
      }),
    close: () => worker.terminate(),
  };
}

export async function piscinaEcho(): Promise<Echo> {
  const pool = new Piscina<number, number>({
    filename: here('echo-task.ts').href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 64,
  });
  return { send: value => pool.run(value), close: () => pool.destroy() };
}

/** One message at a time: the next goes when the last is back. */
export function oneAtATime(open: () => Promise<Echo>, trips: number): () => Promise<Kernel> {
  return async () => {
    const { send, close } = await open();
    return {
      ops: trips,
      async run() {
        let sum = 0;
        for (let trip = 0; trip < trips; trip++) sum = (sum + (await send(trip))) | 0;
        return sum;
      },
      call: send,
      close: async () => void (await close()),
    };
  };
}

/** Always `inFlight` messages under way. */
export function manyAtATime(
  open: () => Promise<Echo>,
  trips: number,
  inFlight: number,
): () => Promise<Kernel> {
  return async () => {
    const { send, close } = await open();
    return {
      ops: trips,
      async run() {
        let [next, sum] = [0, 0];
        const lane = async (): Promise<void> => {
          while (next < trips) sum = (sum + (await send(next++))) | 0;
        };
        await Promise.all(Array.from({ length: inFlight }, lane));
        return sum;
      },
      close: async () => void (await close()),
    };
  };
}

/** A ping and a pong through shared memory: this thread blocks until the other has answered. */
export function pingPongKernel(spins: number | undefined, trips: number): () => Kernel {
  return () => {
    const memory = new SharedArrayBuffer(pingPong.size);
    const { ping, pong } = pingPong.view(memory);
    const order: PingPongOrder = { memory, spins };
    const worker = new Worker(here('pong-worker.ts'), { workerData: order });
    const wait = waiting(spins);
    let last = 0;
    const trip = (): number => {
      say(ping, last + 1);
      last = wait(pong, last);
      return last;
    };
    return {
      ops: trips,
      run() {
        let sum = -trips * last;
        for (let count = 0; count < trips; count++) sum += trip();
        return sum;
      },
      call: trip,
      async close() {
        say(ping, -1);
        await worker.terminate();
      },
    };
  };
}
