import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
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
  type Refused,
  type Revision,
  type SessionId,
  type StoreCapabilities,
  type StoreDriver,
  type StoreEvent,
  type Unknown,
} from '@quorate/core';
import type { Memory } from './memory.ts';

/** One client's way into a memory. Every call is done when it returns, so nothing of it can be lost. */
export class MemoryDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #memory: Memory;
  readonly #onDispose: () => void;

  constructor(memory: Memory, onDispose: () => void = () => {}) {
    this.#memory = memory;
    this.#onDispose = onDispose;
    this.capabilities = memory.capabilities;
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = this.#memory.read(key, partition => partition.get(key));
    return entry && ownedEntry(entry);
  }

  async list(query: ListQuery): Promise<Listing> {
    const { entries, revision } = this.#memory.read(query.prefix, partition => partition.list(query));
    return { entries: entries.map(ownedEntry), revision };
  }

  async put(write: EntryWrite, condition: Condition, { operation }: DriverCall): Promise<Applied | Refused> {
    const result = this.#memory.change(write.key, [write.session, operation?.session], partition =>
      partition.put(write, condition, operation),
    );
    return ownedWrite(result);
  }

  async delete(key: string, condition: Condition, { operation }: DriverCall): Promise<Applied | Refused> {
    const result = this.#memory.change(key, [operation?.session], partition =>
      partition.delete(key, condition, operation),
    );
    return ownedWrite(result);
  }

  async enqueue(
    prefix: string,
    value: Uint8Array,
    session: SessionId,
    { operation }: DriverCall,
  ): Promise<Enqueued> {
    const result = this.#memory.change(prefix, [session, operation?.session], partition =>
      partition.enqueue(prefix, value, session, operation),
    );
    return ownedEnqueued(result);
  }

  async add(key: string, delta: bigint, { operation }: DriverCall): Promise<Exclude<AddResult, Unknown>> {
    return this.#memory.change(key, [operation?.session], partition => partition.add(key, delta, operation));
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    { operation }: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    const [first] = [...conditions.keys(), ...writes.map(({ key }) => key)] as [string];
    const sessions = writes.map(write => (write.type === 'put' ? write.session : undefined));
    const result = this.#memory.change(first, [...sessions, operation?.session], partition =>
      partition.batch(conditions, writes, operation),
    );
    return ownedBatch(result);
  }

  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent> {
    return this.#memory.watch(prefix, from, signal);
  }

  async openSession(ttlMs: number): Promise<SessionId> {
    return this.#memory.sessions.open(ttlMs);
  }

  async renewSession(session: SessionId): Promise<boolean> {
    return this.#memory.sessions.renew(session);
  }

  async endSession(session: SessionId): Promise<void> {
    this.#memory.sessions.end(session);
  }

  observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return this.#memory.sessions.observe(session, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#onDispose();
  }
}
