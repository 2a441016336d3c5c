import { missing, startNats, startPostgres, startRedis } from '@quorate/servers';
import type { Surroundings } from '../../suite.ts';

const starts = { redis: startRedis, nats: startNats, postgres: startPostgres } as const;

/** The servers of stores. */
export type Program = keyof typeof starts;

/** Starts those of the servers that are installed here; they end with this process, however it ends. */
export function services(...programs: readonly Program[]): () => Promise<Surroundings> {
  return async () => {
    const stack = new AsyncDisposableStack();
    try {
      const here = programs.filter(program => missing(program) === undefined);
      const servers = await Promise.all(here.map(async program => stack.use(await starts[program]())));
      const urls = servers.map((server, index) => [variableOf(here[index] as Program), server.url]);
      return {
        environment: Object.fromEntries(urls) as Record<string, string>,
        [Symbol.asyncDispose]: () => stack.disposeAsync(),
      };
    } catch (thrown) {
      await stack.disposeAsync();
      throw thrown;
    }
  };
}

/** Redis that syncs each write before it answers. */
export async function syncedRedis(): Promise<Surroundings> {
  const server = await startRedis({ appendfsync: 'always' });
  return {
    environment: { [variableOf('redis')]: server.url },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Where the server is that {@link services} has started. @throws Error where it has not */
export function urlOf(program: Program): string {
  const name = variableOf(program);
  const url = process.env[name];
  if (url !== undefined) return url;
  throw new Error(`Environment must have ${name}: bench/src/kernels/store/services.ts sets it`);
}

/** For all benches of real servers. */
export const unchecked = 'most of its time is a server of somebody else and the system between';

function variableOf(program: Program): string {
  return `QUORATE_BENCH_${program.toUpperCase()}`;
}
