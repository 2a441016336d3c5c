import {
  boundedWait,
  type Clock,
  type Durability,
  driveStore,
  type Random,
  type Store,
  type StoreCapabilities,
  systemClock,
  systemRandom,
  type WaitOptions,
} from '@quorate/core';
import { defaultPrefix, RedisKeys } from '../redis-keys.ts';
import { durabilityOf, evictionOf, isAlone, type ServerFacts, weakest } from '../server-facts.ts';
import { inspectServers } from './inspect-server.ts';
import { databaseOf, type RedisTemplate } from './redis-client.ts';
import { RedisDriver } from './redis-driver.ts';
import { RedisSessions } from './redis-sessions.ts';
import { ScriptRunner } from './script-runner.ts';
import { SessionObservers } from './session-observers.ts';
import { Subscriptions } from './subscriptions.ts';
import { Sweeper } from './sweeper.ts';

/** Where a Redis store is, and how it behaves. The signal and the deadline are those of the opening, which has `silenceMs` by default. */
export interface RedisStoreOptions extends WaitOptions {
  /**
   * An ioredis client, `Redis` or `Cluster`: what connections are made like. It is never used itself, so it may be in use for
   * something else, or not connected (`lazyConnect`), and stays its owner's to close. Either this or `url`.
   */
  readonly client?: RedisTemplate;
  /** Such as `redis://127.0.0.1:6379`. Either this or `client`. */
  readonly url?: string;
  /** What the keys in Redis begin with. Default `quorate:`. */
  readonly prefix?: string;
  /** What deadlines and sessions go by on this side. Default: the platform's. */
  readonly clock?: Clock;
  /** Where ids of sessions come from. Default: the platform's secure source. */
  readonly random?: Random;
  /** Instead of what the server says, where it does not let us ask, as managed ones do. */
  readonly durability?: Durability;
  /** Whether no replica can take over that lacks acknowledged writes, instead of what the server says. */
  readonly standsAlone?: boolean;
  /** The largest value of an entry. Default 1 MiB. */
  readonly valueMaxBytes?: number;
  /** How often dead sessions are looked for. Default 5,000. */
  readonly sweepMs?: number;
  /** After how long without an answer a connection is taken for dead. Default 10,000. */
  readonly silenceMs?: number;
  /** How often the connection for watches is asked whether it lives, while somebody watches. Default 5,000. */
  readonly keepAliveMs?: number;
  /** How often a watch looks by itself whether it missed something. Default 30,000. */
  readonly watchCheckMs?: number;
}

/**
 * Opens a Store on Redis 7 or Valkey, also Cluster. Settles once it is connected and knows how the server is set up.
 *
 * @throws QuorateError `UNAVAILABLE` where no connection is had, `UNSUPPORTED` where the server is older than Redis 7.0, `ABORTED`,
 * `DEADLINE_EXCEEDED`
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { clock = systemClock, prefix = defaultPrefix, silenceMs = 10_000 } = options;
  const base = new RedisKeys(prefix);
  checkDurations(options);
  const template = await templateOf(options);
  const keys = base.inDatabase(databaseOf(template));
  const runner = new ScriptRunner({ template, clock, silenceMs });
  try {
    const { signal, deadlineMs = silenceMs } = options;
    const facts = await boundedWait(clock, { signal, deadlineMs }, 'not-applied', async () => {
      await runner.connect();
      return inspectServers(runner.client);
    });
    const capabilities = capabilitiesOf(facts, options);
    return driveStore(makeDriver(template, runner, keys, capabilities, options), { clock });
  } catch (thrown) {
    await runner[Symbol.asyncDispose]();
    throw thrown;
  }
}

function makeDriver(
  template: RedisTemplate,
  runner: ScriptRunner,
  keys: RedisKeys,
  capabilities: StoreCapabilities,
  options: RedisStoreOptions,
): RedisDriver {
  const { clock = systemClock, random = systemRandom } = options;
  const { sweepMs = 5_000, keepAliveMs = 5_000, watchCheckMs: checkMs = 30_000 } = options;
  const subscriptions = new Subscriptions({ template, runner, clock, keepAliveMs });
  const sweeper = new Sweeper({ runner, keys, clock, sweepMs });
  const sessions = new RedisSessions({ runner, keys, random, sweeper });
  const observers = new SessionObservers({ runner, keys, clock, subscriptions, sweeper });
  runner.onReady = () => sessions.forgetEntered();
  const close = async (): Promise<void> => {
    observers[Symbol.dispose]();
    await sweeper[Symbol.asyncDispose]();
    await Promise.all([subscriptions[Symbol.asyncDispose](), runner[Symbol.asyncDispose]()]);
  };
  const watch = { runner, keys, clock, subscriptions, checkMs };
  return new RedisDriver({ capabilities, keys, runner, sessions, observers, watch, close });
}

/** What connections are made like. @throws TypeError */
export async function templateOf({
  client,
  url,
}: Pick<RedisStoreOptions, 'client' | 'url'>): Promise<RedisTemplate> {
  if ((client === undefined) === (url === undefined))
    throw new TypeError('Options of a Redis store must have either a client or a url');
  if (client !== undefined) {
    if (typeof client?.duplicate === 'function') return client;
    throw new TypeError('Client must be a Redis or a Cluster of ioredis: it cannot be duplicated');
  }
  const { Redis } = await import('ioredis');
  return new Redis(url as string, { lazyConnect: true });
}

function capabilitiesOf(facts: readonly ServerFacts[], options: RedisStoreOptions): StoreCapabilities {
  const eviction = facts.map(evictionOf).find(policy => policy !== undefined);
  if (eviction !== undefined) warnOfEviction(eviction);
  const isSafe = options.standsAlone ?? facts.every(isAlone);
  return {
    durability: options.durability ?? weakest(facts.map(durabilityOf)),
    linearizable: isSafe && eviction === undefined,
    fenceSurvivesLoss: isSafe,
    expiry: 'server',
    watch: 'push',
    ttlMinMs: 100,
    valueMaxBytes: options.valueMaxBytes ?? 1_048_576,
    verbs: { enqueue: true, add: true, batch: true },
  };
}

function warnOfEviction(policy: string): void {
  process.emitWarning(
    `Redis has maxmemory-policy ${policy}: once its memory is full it drops entries that nobody has deleted, such as locks that are held`,
    { code: 'QUORATE_REDIS_EVICTION', detail: 'Set maxmemory-policy to noeviction.' },
  );
}

/** @throws RangeError */
export function checkDurations(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (name.endsWith('Ms') && name !== 'deadlineMs' && value !== undefined)
      checkDuration(name, value as number);
  }
}

function checkDuration(name: string, valueMs: number): void {
  if (valueMs > 0 && valueMs <= 2 ** 31 - 1) return;
  throw new RangeError(`Option ${name} must be from 1 to ${2 ** 31 - 1}: received ${valueMs}`);
}
