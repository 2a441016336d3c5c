import type { Setup } from '../../suite.ts';
import { urlOf } from './services.ts';

/** Somebody's number on a server. */
interface Sum extends AsyncDisposable {
  /** Adds one, and gives what came of it. */
  add(): Promise<bigint>;
}

/** How often each caller adds in one run. */
const turns = 20;

/** As many callers as the parameter says, each of which waits for its own addition before the next. */
export function adds(open: () => Promise<Sum>): Setup {
  return async context => {
    const callers = context.number('callers');
    const sum = await open();
    let before = 0n;
    const call = async (): Promise<bigint> => {
      let last = 0n;
      for (let turn = 0; turn < turns; turn++) last = await sum.add();
      return last;
    };
    return {
      ops: callers * turns,
      async run() {
        const results = await Promise.all(Array.from({ length: callers }, call));
        const after = results.reduce((most, each) => (each > most ? each : most));
        const added = after - before;
        before = after;
        return Number(added);
      },
      close: async () => sum[Symbol.asyncDispose](),
    };
  };
}

/** Ours: exactly once over retries; what comes at the same time goes as one addition. */
export async function counter(): Promise<Sum> {
  const { createRedisStore } = await import('@quorate/engine-redis');
  const { createCounters } = await import('@quorate/counter');
  const store = await createRedisStore({ url: urlOf('redis'), prefix: `counter-${process.pid}:` });
  const counters = createCounters({ store });
  const number = counters.counter('visits');
  return {
    add: async () => (await number.add(1)).value,
    async [Symbol.asyncDispose]() {
      await counters[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** One command for each addition, those of a turn in one write; whatever is sent again counts again. */
export async function incr(): Promise<Sum> {
  const { Redis } = await import('ioredis');
  const client = new Redis(urlOf('redis'), { enableAutoPipelining: true });
  const key = `incr-${process.pid}`;
  return {
    add: async () => BigInt(await client.incr(key)),
    [Symbol.asyncDispose]: async () => void (await client.quit()),
  };
}
