import { type WaitOptions } from '@quorate/core';
import { AddWriter } from './add-writer.ts';
import { Adder } from './adder.ts';
import { countersClosed } from './counter-error.ts';
import { counterPartition, type NameKind, numberKey } from './counter-name.ts';
import { checkOptions, checkTtl, type CountersOptions } from './counter-options.ts';
import type { Counter, CounterSettings, ShardedCounter, ShardSettings } from './counter.ts';
import { ExpiringNumbers, lastingMaker } from './entry-maker.ts';
import { createIds } from './ids/create-ids.ts';
import type { IdGenerator, IdOptions } from './ids/id-generator.ts';
import { readNumber } from './int64.ts';
import { Pauses } from './pauses.ts';
import { BlockSequence, type Sequence, type SequenceSettings } from './sequence.ts';
import { SessionKeeper } from './session-keeper.ts';
import { type NumberPort, StoreCounter, StoreShardedCounter } from './store-counter.ts';
import { SwapWriter } from './swap-writer.ts';
import { KeyedAdder } from './keyed-adder.ts';
import type { KeyedAdd } from './keyed-plan.ts';
import { Turns } from './turns.ts';
import { TokenSessions } from './token-sessions.ts';

/** All the counters of one process on one store. */
export interface Counters extends AsyncDisposable {
  /** @throws TypeError, RangeError on a bad name or bad settings; so do all */
  counter(name: string, settings?: CounterSettings): Counter;
  /** Spread over partitions. */
  counter(name: string, settings: ShardSettings): ShardedCounter;
  /** Numbers that are given out in blocks, each once. */
  sequence(name: string, settings?: SequenceSettings): Sequence;
  /** Ids that sort by time, from a worker number that is leased: settles once there is one. */
  ids(name: string, options?: IdOptions & WaitOptions): Promise<IdGenerator>;
  /**
   * Adds once for each token, for whoever may have to ask again from elsewhere, or after a crash of this process. The store
   * needs `batch`. See `KeyedAdd`.
   */
  addKeyed(name: string, add: KeyedAdd, options?: WaitOptions): Promise<{ readonly value: bigint }>;
  /**
   * Takes nothing new, sends what waits if the store is there, and ends the sessions. Counters that end by themselves end now.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The most shards of a counter. */
export const shardsMax = 1024;

/**
 * Makes counters of a Store.
 *
 * Opens nothing yet: the first addition opens the session by which additions are told apart. There is one for all counters; after
 * 1,000 names a fresh one takes over, so that what the store remembers of it stays bounded. Where the store has no `add`, numbers are
 * read and swapped, which counts as exactly but costs a round trip more, and one for each conflict.
 *
 * @throws TypeError, RangeError on bad options
 * @throws QuorateError `UNSUPPORTED` where the store is not linearizable
 */
export function createCounters(options: CountersOptions): Counters {
  return new StoreCounters(checkOptions(options));
}

class StoreCounters implements Counters {
  readonly #options: Required<CountersOptions>;
  readonly #keeper: SessionKeeper;
  readonly #expiring: ExpiringNumbers;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();
  /** Those at work, or with losses to tell, by partition and expiry: one for each. */
  readonly #adders = new Map<string, Adder>();
  #busyCount = 0;
  readonly #idle = new Set<() => void>();
  readonly #generators = new Set<AsyncDisposable>();
  readonly #keyed: KeyedAdder;
  /** Which of the shards this process adds to, as a share of their number. */
  readonly #shard: number;
  #closed: Promise<void> | undefined;

  constructor(options: Required<CountersOptions>) {
    const { store, clock, ttlMs } = options;
    this.#options = options;
    this.#shard = options.random.float();
    this.#keeper = new SessionKeeper(store, clock, ttlMs);
    this.#expiring = new ExpiringNumbers(store, clock);
    this.#keyed = new KeyedAdder({
      store,
      clock,
      random: options.random,
      tokens: new TokenSessions(store, clock, options.tokenTtlMs, ttlMs),
      maker: expiresMs => (expiresMs === undefined ? lastingMaker(store) : this.#expiring.maker(expiresMs)),
      closing: this.#closing.signal,
      deadlineMs: ttlMs,
    });
  }

  counter(name: string, settings?: CounterSettings): Counter;
  counter(name: string, settings: ShardSettings): ShardedCounter;
  counter(name: string, settings: CounterSettings | ShardSettings = {}): Counter | ShardedCounter {
    if (!('shards' in settings)) {
      const { expiresMs } = settings;
      if (expiresMs !== undefined) checkTtl(expiresMs, this.#options.store);
      return new StoreCounter(name, this.#port(name, 'count', expiresMs));
    }
    const { shards } = settings;
    if (!(Number.isInteger(shards) && shards >= 1 && shards <= shardsMax))
      throw new RangeError(`Shards must be an integer from 1 to ${shardsMax}: received ${String(shards)}`);
    const ports = Array.from({ length: shards }, (_, index) => this.#port(name, `shard-${index}`));
    return new StoreShardedCounter(name, ports, Math.floor(this.#shard * shards));
  }

  sequence(name: string, settings: SequenceSettings = {}): Sequence {
    return new BlockSequence(name, this.#port(name, 'sequence'), this.#options.clock, settings);
  }

  async ids(name: string, options: IdOptions & WaitOptions = {}): Promise<IdGenerator> {
    this.#checkOpen(name);
    const { prefix } = this.#options;
    const partition = counterPartition(prefix, 'ids', name);
    const generator = await createIds(this.#options, name, partition, options);
    if (this.#closed !== undefined) {
      await generator[Symbol.asyncDispose]();
      throw countersClosed(name);
    }
    this.#generators.add(generator);
    generator.lost.addEventListener('abort', () => this.#generators.delete(generator), { once: true });
    return generator;
  }

  async addKeyed(
    name: string,
    add: KeyedAdd,
    options: WaitOptions = {},
  ): Promise<{ readonly value: bigint }> {
    this.#checkOpen(name);
    return this.#keyed.add(counterPartition(this.#options.prefix, 'count', name), name, add, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    this.#keeper.hurry();
    if (this.#busyCount > 0) await new Promise<void>(resolve => this.#idle.add(resolve));
    await Promise.all([...this.#generators].map(generator => generator[Symbol.asyncDispose]()));
    await Promise.all([this.#keyed.close(), this.#expiring.close(), this.#keeper.close()]);
  }

  #port(name: string, kind: NameKind, expiresMs?: number): NumberPort {
    const { store, prefix } = this.#options;
    const partition = counterPartition(prefix, kind, name);
    const key = numberKey(partition);
    const id = `${partition}/${expiresMs ?? ''}`;
    let own: Adder | undefined;
    return {
      adder: () => {
        if (own?.isBusy !== true) own = this.#adders.get(id) ?? own;
        own ??= this.#adder(id, name, partition, expiresMs);
        return own;
      },
      get: async (options = {}) => {
        this.#checkOpen(name);
        const entry = await store.get(key, options);
        return entry === undefined ? 0n : readNumber(key, entry.value);
      },
    };
  }

  /** An adder that stands in the way of others for its number while it is busy. */
  #adder(id: string, name: string, partition: string, expiresMs: number | undefined): Adder {
    const { store, clock, random, pendingMax } = this.#options;
    const pauses = new Pauses(clock, random);
    const context = {
      store,
      keeper: this.#keeper,
      partition,
      key: numberKey(partition),
      pauses,
      turns: this.#turns,
    };
    const maker = expiresMs === undefined ? lastingMaker(store) : this.#expiring.maker(expiresMs);
    const canAdd = store.add !== undefined && expiresMs === undefined;
    const adder: Adder = new Adder({
      name,
      clock,
      pendingMax,
      pauses,
      writer: canAdd ? new AddWriter(context) : new SwapWriter(context, maker),
      closing: this.#closing.signal,
      onBusy: () => {
        this.#adders.set(id, adder);
        this.#busyCount++;
      },
      onIdle: () => {
        if (!adder.hasLosses) this.#adders.delete(id);
        if (--this.#busyCount > 0) return;
        for (const resolve of this.#idle) resolve();
        this.#idle.clear();
      },
    });
    return adder;
  }

  #checkOpen(name: string): void {
    if (this.#closed !== undefined) throw countersClosed(name);
  }
}
