import {
  boundedWait,
  driveQueue,
  type QueueCapabilities,
  type QueueStore,
  QuorateError,
  systemClock,
} from '@quorate/core';
import { defaultPrefix, RedisKeys } from '../redis-keys.ts';
import { durabilityOf, evictionOf, type ServerFacts, weakest } from '../server-facts.ts';
import { checkQueueFormat } from './check-queue-format.ts';
import { checkDurations, type RedisStoreOptions, templateOf } from './create-redis-store.ts';
import { inspectServers } from './inspect-server.ts';
import { RedisQueueDriver } from './queue-driver.ts';
import { QueueWatches } from './queue-watches.ts';
import { databaseOf } from './redis-client.ts';
import { ScriptRunner } from './script-runner.ts';
import { Subscriptions } from './subscriptions.ts';

/** Where a Redis queue store is, and how it behaves: as with a Redis store. */
export interface RedisQueueStoreOptions
  extends Pick<
    RedisStoreOptions,
    | 'client'
    | 'url'
    | 'prefix'
    | 'clock'
    | 'durability'
    | 'silenceMs'
    | 'keepAliveMs'
    | 'signal'
    | 'deadlineMs'
  > {
  /** The largest body of a message, headers included, and the largest state record. Default 1 MiB, at most 32 MiB. */
  readonly bodyMaxBytes?: number;
  /** After how long a waiting lease looks again though it heard of nothing. Default 1,000. */
  readonly pollMs?: number;
}

const bodyLimit: number = 32 * 1024 * 1024;

/**
 * Opens a QueueStore on Redis 7 or Valkey, also Cluster. Settles once it is connected and knows how the server is set up.
 *
 * @throws QuorateError `UNAVAILABLE` where no connection is had, `UNSUPPORTED` where the server drops what nobody has deleted
 * or is older than Redis 7.0, or where queues are kept there in another format, `ABORTED`, `DEADLINE_EXCEEDED`
 */
export async function createRedisQueueStore(options: RedisQueueStoreOptions): Promise<QueueStore> {
  const { clock = systemClock, prefix = defaultPrefix, silenceMs = 10_000, keepAliveMs = 5_000 } = options;
  const base = new RedisKeys(prefix);
  checkDurations(options);
  checkBody(options.bodyMaxBytes);
  const template = await templateOf(options);
  const keys = base.inDatabase(databaseOf(template));
  const runner = new ScriptRunner({ template, clock, silenceMs });
  try {
    const { signal, deadlineMs = silenceMs } = options;
    const facts = await boundedWait(clock, { signal, deadlineMs }, 'not-applied', async () => {
      await runner.connect();
      const found = await inspectServers(runner.client);
      await checkQueueFormat(runner, keys);
      return found;
    });
    const capabilities = capabilitiesOf(facts, options);
    const subscriptions = new Subscriptions({ template, runner, clock, keepAliveMs });
    const watches = new QueueWatches({ runner, keys, clock, subscriptions });
    const close = async (): Promise<void> => {
      watches[Symbol.dispose]();
      await Promise.all([subscriptions[Symbol.asyncDispose](), runner[Symbol.asyncDispose]()]);
    };
    const driver = new RedisQueueDriver({ capabilities, keys, runner, watches, close });
    const { pollMs } = options;
    return driveQueue(driver, pollMs === undefined ? { clock } : { clock, pollMs });
  } catch (thrown) {
    await runner[Symbol.asyncDispose]();
    throw thrown;
  }
}

function capabilitiesOf(
  facts: readonly ServerFacts[],
  { durability, bodyMaxBytes = 1_048_576 }: RedisQueueStoreOptions,
): QueueCapabilities {
  const eviction = facts.map(evictionOf).find(policy => policy !== undefined);
  if (eviction !== undefined) {
    throw new QuorateError(
      'UNSUPPORTED',
      `Redis has maxmemory-policy ${eviction}: once its memory is full it drops messages that nobody has settled; set noeviction`,
      { outcome: 'not-applied' },
    );
  }
  return {
    durability: durability ?? weakest(facts.map(durabilityOf)),
    atomicSettle: true,
    atomicPut: true,
    transactionalPut: false,
    crossProcess: true,
    lease: { readyAt: true, lanes: true, oneActivePerKey: true },
    abandon: true,
    leaseGranularityMs: 1,
    bodyMaxBytes,
  };
}

/** @throws RangeError */
function checkBody(bytes = 1024): void {
  if (Number.isInteger(bytes) && bytes >= 1024 && bytes <= bodyLimit) return;
  throw new RangeError(`Option bodyMaxBytes must be an integer from 1024 to ${bodyLimit}: received ${bytes}`);
}
