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
  errorCode,
  type Listing,
  type ListQuery,
  type Refused,
  type Revision,
  type SessionId,
  type StoreCapabilities,
  type StoreChange,
  type StoreDriver,
  type StoreEvent,
  type Unknown,
} from '@quorate/core';
import { KnownRevisions } from './known-revisions.ts';
import type { RemoteLink } from './remote-link.ts';
import type { WireValue } from './value-codec.ts';

/** How long a client rests before it asks again for what it waits for, unless a connection comes first. */
const restMs = 100;

/** What the server said of itself. */
export interface Hello {
  readonly capabilities: StoreCapabilities;
  readonly incarnation: string;
  readonly requestMaxBytes: number;
}

interface WatchAnswer {
  readonly changes?: readonly StoreChange[];
  readonly upTo: Revision;
  readonly incarnation: string;
}

/** What is answered with a revision, and of which memory that is. */
interface Revised {
  readonly incarnation: string;
  readonly revision?: Revision;
  readonly self?: Entry;
}

/** A client of a served store. Several may share a link. */
export class RemoteDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #link: RemoteLink;
  readonly #holdMs: number;
  readonly #onDispose: () => Promise<void>;
  readonly #revisions: KnownRevisions;

  constructor(link: RemoteLink, hello: Hello, holdMs: number, onDispose: () => Promise<void>) {
    this.capabilities = hello.capabilities;
    this.#revisions = new KnownRevisions(hello.incarnation);
    this.#link = link;
    this.#holdMs = holdMs;
    this.#onDispose = onDispose;
  }

  get(key: string, signal: AbortSignal | undefined): Promise<Entry | undefined> {
    return this.#ask('get', [key], signal);
  }

  list(query: ListQuery, signal: AbortSignal | undefined): Promise<Listing> {
    const { prefix, createdBefore, newestFirst, limit } = query;
    const options = { createdBefore, newestFirst, limit };
    return this.#askRevised('list', prefix, [options], signal);
  }

  put(
    { key, value, session }: EntryWrite,
    condition: Condition,
    { operation, signal }: DriverCall,
  ): Promise<Applied | Refused> {
    const args = [value, { ...condition }, operation && { ...operation }, session];
    return this.#askRevised('put', key, args, signal);
  }

  delete(key: string, condition: Condition, { operation, signal }: DriverCall): Promise<Applied | Refused> {
    return this.#askRevised('delete', key, [{ ...condition }, operation && { ...operation }], signal);
  }

  enqueue(
    prefix: string,
    value: Uint8Array,
    session: SessionId,
    { operation, signal }: DriverCall,
  ): Promise<Enqueued> {
    return this.#askRevised('enqueue', prefix, [value, session, operation && { ...operation }], signal);
  }

  add(key: string, delta: bigint, { operation, signal }: DriverCall): Promise<Exclude<AddResult, Unknown>> {
    return this.#askRevised('add', key, [delta, operation && { ...operation }], signal);
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    { operation, signal }: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    const asked = [...conditions].map(([key, condition]) => [key, { ...condition }]);
    const sent = writes.map(write => ({ ...write }));
    const args = [asked, sent as WireValue[], operation && { ...operation }];
    const key = writes[0]?.key ?? [...conditions.keys()][0] ?? '';
    return this.#revised(key, await this.#ask<Revised>('batch', args, signal)) as Exclude<
      BatchResult,
      Unknown
    >;
  }

  /** Asks again and again for what came after the last that is known: a connection that ends costs nothing but time. */
  async *watch(prefix: string, from: Revision, signal: AbortSignal): AsyncGenerator<StoreEvent> {
    let after = from;
    let incarnation = this.#revisions.incarnationOf(prefix, from);
    while (!signal.aborted) {
      const position = [prefix, after, incarnation];
      const answer = await this.#held<WatchAnswer>('watch', position, signal);
      if (answer === undefined) continue;
      after = answer.upTo;
      incarnation = answer.incarnation;
      this.#revisions.learn(incarnation, prefix, undefined);
      if (answer.changes === undefined) yield { type: 'resync' };
      for (const change of answer.changes ?? []) {
        if (signal.aborted) return;
        yield change;
      }
    }
  }

  async openSession(ttlMs: number, signal: AbortSignal | undefined): Promise<SessionId> {
    // The answer is waited for though nobody may want it: the session has to be ended then.
    void signal;
    return this.#ask('open', [ttlMs], undefined);
  }

  renewSession(session: SessionId): Promise<boolean> {
    return this.#ask('renew', [session], undefined);
  }

  endSession(session: SessionId): Promise<void> {
    return this.#ask('end', [session], undefined);
  }

  async observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    const isOver = (): boolean => signal?.aborted === true;
    while (!isOver()) if ((await this.#held<boolean>('observe', [session], signal)) === true) return;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#onDispose();
  }

  /** Asks for what is answered with a revision, which is one of the memory that answers. */
  async #askRevised<Result>(
    verb: string,
    key: string,
    args: readonly WireValue[],
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return this.#revised(key, await this.#ask<Revised>(verb, [key, ...args], signal)) as Result;
  }

  #revised(key: string, answer: Revised): unknown {
    const { incarnation, ...result } = answer;
    this.#revisions.learn(incarnation, key, answer.revision ?? answer.self?.modified);
    return result;
  }

  async #ask<Result>(
    verb: string,
    args: readonly WireValue[],
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return (await this.#link.request(verb, args, { signal })) as Result;
  }

  /** What the server answers once something happens; undefined where it could not be asked, or the signal aborts. */
  async #held<Result>(
    verb: string,
    args: readonly WireValue[],
    signal: AbortSignal | undefined,
  ): Promise<Result | undefined> {
    try {
      return (await this.#link.request(verb, args, { signal, holdMs: this.#holdMs })) as Result;
    } catch (thrown) {
      if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
      await this.#link.connectionChange(restMs, signal);
      return undefined;
    }
  }
}
