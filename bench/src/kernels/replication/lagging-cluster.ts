import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Params, Surroundings } from '../../suite.ts';
import { ReplicaCluster, type ReplicaMember } from './replica-cluster.ts';

/** What one has to catch up from: the leader's log, or a snapshot, for the log was given back. */
export type CatchUpFrom = 'log' | 'snapshot';

/** Orders to a {@link laggingCluster}, each a path that is fetched. */
export const laggingOrders = { fallBehind: '/fall-behind', catchUp: '/catch-up' } as const;

/** What is told when one has caught up. */
export interface CaughtUp {
  readonly tookMs: number;
}

export const laggingNames = {
  addresses: 'QUORATE_BENCH_LAGGING',
  control: 'QUORATE_BENCH_LAGGING_CONTROL',
} as const;

const never = Number.MAX_SAFE_INTEGER;
/** No snapshot by itself; the one that is asked for leaves next to nothing of the log. */
const logLimits = { snapshotBytes: never, snapshotEntries: never, trailingBytes: 0x1_0000 };
/** Long enough for a million entries at the least pace. */
const catchUpMs = 150_000;
/** More than the leader has in memory. */
const warmupCount = 50_000;
/** A log is of few keys: it is the log that is long. */
const logKeyCount = 1000;

/**
 * Three replicas on disk, one of which is told to fall behind by so many entries and to come back. Who measures them is another
 * process, so it asks by HTTP: an answer comes when it is done, and status 500 says why it could not be.
 */
export async function laggingCluster(params: Params): Promise<Surroundings> {
  const stack = new AsyncDisposableStack();
  try {
    const cluster = stack.use(await ReplicaCluster.start({ durable: true, logLimits }));
    const lagging = new LaggingCluster(cluster, params['from'] as CatchUpFrom, params['behind'] as number);
    // Servers run for long: what is measured is not their first time.
    await lagging.fallBehind(warmupCount);
    await lagging.catchUp();
    const server = await serve(lagging);
    stack.defer(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const environment = {
      [laggingNames.addresses]: JSON.stringify(cluster.addresses),
      [laggingNames.control]: `http://127.0.0.1:${port}`,
    };
    return { environment, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (thrown) {
    await stack.disposeAsync();
    throw thrown;
  }
}

async function serve(lagging: LaggingCluster): Promise<Server> {
  const server = createServer((request, response) => {
    const done = request.url === laggingOrders.catchUp ? lagging.catchUp() : lagging.fallBehind();
    done.then(
      answer => response.end(JSON.stringify(answer)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  return server;
}

class LaggingCluster {
  readonly #cluster: ReplicaCluster;
  readonly #from: CatchUpFrom;
  readonly #behind: number;
  #laggard: ReplicaMember | undefined;

  constructor(cluster: ReplicaCluster, from: CatchUpFrom, behind: number) {
    this.#cluster = cluster;
    this.#from = from;
    this.#behind = behind;
  }

  /**
   * Kills a follower, writes what it misses, and starts its process, which takes no part yet. Everybody begins with a snapshot,
   * so that it has to make up for what it misses and no more.
   */
  async fallBehind(count: number = this.#behind): Promise<Record<string, never>> {
    const { members } = this.#cluster;
    for (const member of members) await member.snapshot();
    const leader = await this.#cluster.leader();
    const laggard = members.find(member => member !== leader);
    await laggard?.kill();
    const keyCount = this.#from === 'log' ? logKeyCount : count;
    for (let left = count; left > 0; ) left -= await (await this.#cluster.leader()).fill(left, keyCount);
    if (this.#from === 'snapshot') {
      for (const member of members) if (member.isRunning) await member.snapshot();
    }
    await laggard?.listen();
    this.#laggard = laggard;
    return {};
  }

  /** Lets it take part, and waits until it has applied what the leader had a moment before. */
  async catchUp(): Promise<CaughtUp> {
    const cluster = this.#cluster;
    const laggard = this.#laggard;
    if (laggard === undefined) throw new Error('A follower must have fallen behind: none has');
    const startMs = performance.now();
    await laggard.join(cluster.addresses);
    for (;;) {
      const { applied } = await (await cluster.leader()).news();
      const news = await laggard.news();
      const tookMs = performance.now() - startMs;
      if (news.applied >= applied) {
        const from: CatchUpFrom = news.installed > 0 ? 'snapshot' : 'log';
        if (from !== this.#from)
          throw new Error(`It must catch up from the ${this.#from}: it did from the ${from}`);
        return { tookMs };
      }
      if (tookMs > catchUpMs) {
        throw new Error(
          `Follower did not catch up within ${catchUpMs} ms: it has ${news.applied} of ${applied}`,
        );
      }
      await sleep(20);
    }
  }
}
