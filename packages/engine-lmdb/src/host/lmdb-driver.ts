import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  boundedWait,
  type Condition,
  type DriverCall,
  type Enqueued,
  type Entry,
  type EntryWrite,
  type Listing,
  type ListQuery,
  partitionOf,
  type Refused,
  type Revision,
  type SessionId,
  sessionId,
  type StoreCapabilities,
  type StoreDriver,
  type StoreEvent,
  systemClock,
  systemRandom,
  type Unknown,
} from '@quorate/core';
import { FairTurn } from './fair-turn.ts';
import { watchPrefix } from './lmdb-watch.ts';
import { SessionObservers } from './session-observers.ts';
import type { HostLease } from './shared-host.ts';
import type { StoreHost } from './store-host.ts';

/** How long ending a session may take, ms. One that is not ended ends by its time to live, or with its process. */
const endMs = 5000;

/** One client of a database, in a host that several may share. */
export class LmdbDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #host: StoreHost;
  readonly #lease: HostLease;
  readonly #observers: SessionObservers;
  readonly #fair = new FairTurn();

  constructor(lease: HostLease, capabilities: StoreCapabilities) {
    this.#lease = lease;
    this.#host = lease.host;
    this.#observers = new SessionObservers(lease.host);
    this.capabilities = capabilities;
  }

  async get(key: string): Promise<Entry | undefined> {
    await this.#fair.turn();
    return this.#host.read(({ entries }) => entries.get(key));
  }

  async list(query: ListQuery): Promise<Listing> {
    await this.#fair.turn();
    return this.#host.read(({ entries, root, head }) => ({
      entries: entries.list(root, query),
      revision: head(partitionOf(query.prefix)).revision as Revision,
    }));
  }

  put(
    write: EntryWrite,
    condition: Condition,
    { operation, signal }: DriverCall,
  ): Promise<Applied | Refused> {
    return this.#host.ask({ type: 'put', write, condition, operation }, signal);
  }

  delete(key: string, condition: Condition, { operation, signal }: DriverCall): Promise<Applied | Refused> {
    return this.#host.ask({ type: 'delete', key, condition, operation }, signal);
  }

  enqueue(
    prefix: string,
    value: Uint8Array,
    session: SessionId,
    { operation, signal }: DriverCall,
  ): Promise<Enqueued> {
    return this.#host.ask({ type: 'enqueue', prefix, value, session, operation }, signal);
  }

  add(key: string, delta: bigint, { operation, signal }: DriverCall): Promise<Exclude<AddResult, Unknown>> {
    return this.#host.ask({ type: 'add', key, delta, operation }, signal);
  }

  batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    { operation, signal }: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    return this.#host.ask({ type: 'batch', conditions, writes, operation }, signal);
  }

  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent> {
    return watchPrefix(this.#host, prefix, from, signal);
  }

  async openSession(ttlMs: number, signal: AbortSignal | undefined): Promise<SessionId> {
    const session = sessionId(Buffer.from(systemRandom.bytes(16)).toString('hex'));
    await this.#host.ask({ type: 'open-session', session, ttlMs, host: this.#host.id }, signal);
    return session;
  }

  async renewSession(session: SessionId): Promise<boolean> {
    const isAlive = await this.#host.ask<boolean>({ type: 'renew-session', session });
    this.#host.sweep();
    return isAlive;
  }

  async endSession(session: SessionId): Promise<void> {
    // Closing waits for it: not for ever, where another process holds the write lock.
    await boundedWait(systemClock, { deadlineMs: endMs }, 'unknown', signal =>
      this.#host.ask({ type: 'end-session', session }, signal),
    );
    this.#host.sweep();
  }

  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return this.#observers.observe(session, signal);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#lease[Symbol.asyncDispose]();
  }
}
