import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  type Clock,
  type Condition,
  type DriverCall,
  type Enqueued,
  type Entry,
  type EntryWrite,
  type Listing,
  type ListQuery,
  ownedBatch,
  ownedEnqueued,
  ownedEntry,
  ownedWrite,
  partitionOf,
  type Random,
  type Refused,
  type Revision,
  type SessionId,
  type StoreCapabilities,
  type StoreDriver,
  type StoreEvent,
  type Unknown,
  SessionObserver,
} from '@quorate/core';
import { Janitor } from './janitor.ts';
import { Marks } from './marks.ts';
import type { Judge } from './partition.ts';
import { Partitions } from './partitions.ts';
import { SessionEnds } from './session-ends.ts';
import { Sessions } from './sessions.ts';
import type { StreamApi } from './stream-api.ts';
import { type Subjects, tokenOf } from './subjects.ts';
import { watchPartition } from './watch-partition.ts';

export interface NatsDriverOptions {
  readonly api: StreamApi;
  readonly subjects: Subjects;
  readonly capabilities: StoreCapabilities;
  readonly clock: Clock;
  readonly random: Random;
  readonly messageMaxBytes: number;
  readonly partitionMaxBytes: number;
  readonly cacheMaxBytes: number;
  /** Called last, when the store is closed. */
  readonly close: () => Promise<void>;
}

/** The Store's calls as messages of a JetStream stream. */
export class NatsDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #options: NatsDriverOptions;
  readonly #partitions: Partitions;
  readonly #sessions: Sessions;
  readonly #observer: SessionObserver;
  readonly #janitor: Janitor;

  constructor(options: NatsDriverOptions) {
    const { api, subjects, clock } = options;
    this.#options = options;
    this.capabilities = options.capabilities;
    const marks = new Marks(api, subjects);
    const ends = new SessionEnds(api.requests, subjects.ends);
    this.#partitions = new Partitions({
      ...options,
      marks,
      isDead: session => this.#sessions.isDead(session),
    });
    this.#sessions = new Sessions({
      ...options,
      ends,
      onDead: session => void this.#janitor.sweep(session).catch(() => {}),
    });
    this.#observer = new SessionObserver({
      clock,
      listen: hear => ends.listen(hear),
      leftMs: session => this.#sessions.look(session),
    });
    this.#janitor = new Janitor({
      ...options,
      sessions: this.#sessions,
      partitions: this.#partitions,
      marks,
    });
  }

  async get(key: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    const entry = await this.#call(key, () => (_, replica) => replica.get(key), signal);
    return entry && ownedEntry(entry);
  }

  async list(query: ListQuery, signal: AbortSignal | undefined): Promise<Listing> {
    const listing = await this.#call(query.prefix, () => (_, replica) => replica.list(query), signal);
    return { ...listing, entries: listing.entries.map(ownedEntry) };
  }

  async put(write: EntryWrite, condition: Condition, call: DriverCall): Promise<Applied | Refused> {
    const judge: Judge<Applied | Refused> = draft => draft.put(write, condition, call.operation);
    return ownedWrite(await this.#call(write.key, judge, call.signal));
  }

  async delete(key: string, condition: Condition, call: DriverCall): Promise<Applied | Refused> {
    const judge: Judge<Applied | Refused> = draft => draft.delete(key, condition, call.operation);
    return ownedWrite(await this.#call(key, judge, call.signal));
  }

  async enqueue(prefix: string, value: Uint8Array, session: SessionId, call: DriverCall): Promise<Enqueued> {
    const judge: Judge<Enqueued> = draft => draft.enqueue(prefix, value, session, call.operation);
    return ownedEnqueued(await this.#call(prefix, judge, call.signal));
  }

  async add(key: string, delta: bigint, call: DriverCall): Promise<Exclude<AddResult, Unknown>> {
    return this.#call(key, draft => draft.add(key, delta, call.operation), call.signal);
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    call: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    const [key] = [...conditions.keys(), ...writes.map(write => write.key)] as [string];
    const judge: Judge<Exclude<BatchResult, Unknown>> = draft =>
      draft.batch(conditions, writes, call.operation);
    return ownedBatch(await this.#call(key, judge, call.signal));
  }

  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent> {
    const token = tokenOf(partitionOf(prefix));
    return watchPartition(
      { clock: this.#options.clock, partitions: this.#partitions, token },
      prefix,
      from,
      signal,
    );
  }

  openSession(ttlMs: number): Promise<SessionId> {
    return this.#sessions.open(ttlMs);
  }

  renewSession(session: SessionId): Promise<boolean> {
    return this.#sessions.renew(session);
  }

  async endSession(session: SessionId): Promise<void> {
    await this.#sessions.end(session);
    await this.#janitor.sweep(session);
  }

  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return this.#observer.observe(session, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#janitor.close();
    this.#observer.close();
    this.#partitions.close();
    this.#options.api.requests.close();
    await this.#options.close();
  }

  #call<Result>(key: string, judge: Judge<Result>, signal: AbortSignal | undefined): Promise<Result> {
    return this.#partitions.of(tokenOf(partitionOf(key))).call(judge, signal);
  }
}
