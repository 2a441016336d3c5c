import {
  type AddResult,
  type BatchResult,
  type BatchWrite,
  type CallOptions,
  type Clock,
  type Condition,
  type EnqueueResult,
  type Entry,
  type Listing,
  type ListOptions,
  type OperationId,
  QuorateError,
  type Revision,
  type Session,
  type SessionId,
  type Store,
  type StoreCapabilities,
  type StoreEvent,
  type Unknown,
  type WaitOptions,
  type WriteResult,
} from '@quorate/core';
import { boundedWait } from '../bounded-wait.ts';
import type { Device } from '../device.ts';
import { neverSettles } from '../device-wait.ts';
import { momentOf, SimSession } from './sim-session.ts';
import { SimStoreService } from './sim-store-service.ts';
import {
  checkBatch,
  checkCondition,
  checkInteger,
  checkKey,
  checkOperation,
  checkValue,
} from './store-arguments.ts';
import { StoreLink } from './store-link.ts';
import { ownedBatch, ownedEnqueued, ownedEntry, ownedWrite } from './owned-entry.ts';
import { watchStore } from './store-watch.ts';

export { SimStoreService };

/** How a client reaches the service. All but the clock is read anew at each call, so that whoever makes the faults may change it. */
export interface SimStoreOptions {
  /** The node's own: what deadlines and sessions go by. */
  readonly clock: Clock;
  /** What each way takes. Default 200 to 2,000. */
  readonly latencyMinUs?: number;
  readonly latencyMaxUs?: number;
  /** How likely no connection is had: `UNAVAILABLE`, and nothing was sent. Default 0. */
  readonly refusedChance?: number;
  /** How likely a request or an answer is lost. Either way the caller cannot know. Default 0. */
  readonly requestLossChance?: number;
  readonly answerLossChance?: number;
  /** How likely a request or an answer takes up to `lateMaxUs` longer, by default 5,000,000. Default 0. */
  readonly lateChance?: number;
  readonly lateMaxUs?: number;
  /** How likely a watch misses changes and says so. Default 0. */
  readonly resyncChance?: number;
  /** How long before its deadline a session is given up, as a share of its time to live. Default 0.05. */
  readonly marginShare?: number;
}

const listMax = 1000;

/** A client of the service, for one start of one node. */
export function openSimStore(device: Device, service: SimStoreService, options: SimStoreOptions): Store {
  return new SimStore(device, service, options);
}

class SimStore implements Store {
  readonly capabilities: StoreCapabilities;
  readonly #device: Device;
  readonly #options: SimStoreOptions;
  readonly #service: SimStoreService;
  readonly #link: StoreLink;
  readonly #sessions = new Set<SimSession>();
  #isClosed = false;

  constructor(device: Device, service: SimStoreService, options: SimStoreOptions) {
    this.#device = device;
    this.#options = options;
    this.#service = service;
    this.#link = new StoreLink(device, service, options);
    this.capabilities = service.capabilities;
  }

  async get(key: string, options: CallOptions = {}): Promise<Entry | undefined> {
    checkKey('Key', key);
    const entry = await this.#ask(options, () =>
      this.#link.call(service => service.read(key, partition => partition.get(key))),
    );
    return entry && ownedEntry(entry);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listing> {
    checkKey('Prefix', prefix);
    const { createdBefore = Number.POSITIVE_INFINITY, newestFirst = false, limit = listMax } = options;
    checkInteger('Limit', limit, 1);
    const query = { prefix, createdBefore, newestFirst, limit: Math.min(limit, listMax) };
    const listing = await this.#ask(options, () =>
      this.#link.call(service => service.read(prefix, partition => partition.list(query))),
    );
    return { entries: listing.entries.map(ownedEntry), revision: listing.revision };
  }

  async put(
    key: string,
    value: Uint8Array,
    condition: Condition,
    options: CallOptions & { readonly session?: SessionId } = {},
  ): Promise<WriteResult> {
    checkKey('Key', key);
    checkValue(key, value, this.capabilities.valueMaxBytes);
    checkCondition(key, condition);
    const { session, operation } = options;
    const write = {
      type: 'put' as const,
      key,
      value: new Uint8Array(value),
      ...(session === undefined ? {} : { session }),
    };
    const result = await this.#change(options, () =>
      this.#link.call(service =>
        service.change(key, `put ${key}`, operation, [session], partition => partition.put(write, condition)),
      ),
    );
    return ownedWrite(result);
  }

  async delete(key: string, condition: Condition, options: CallOptions = {}): Promise<WriteResult> {
    checkKey('Key', key);
    checkCondition(key, condition);
    if ('absent' in condition)
      throw new RangeError(`Condition of a deletion must be a revision: received "absent"`);
    const result = await this.#change(options, () =>
      this.#link.call(service =>
        service.change(key, `delete ${key}`, options.operation, [], partition =>
          partition.delete(key, condition),
        ),
      ),
    );
    return ownedWrite(result);
  }

  async enqueue(
    prefix: string,
    value: Uint8Array,
    options: CallOptions & { readonly session: SessionId },
  ): Promise<EnqueueResult> {
    checkKey('Prefix', prefix);
    checkValue(prefix, value, this.capabilities.valueMaxBytes);
    const { session, operation } = options;
    const copy = new Uint8Array(value);
    const result = await this.#change(options, () =>
      this.#link.call(service =>
        service.change(prefix, `enqueue ${prefix}`, operation, [session], partition =>
          partition.enqueue(prefix, copy, session),
        ),
      ),
    );
    return 'self' in result ? { outcome: 'applied', ...ownedEnqueued(result) } : result;
  }

  async add(
    key: string,
    delta: bigint,
    options: CallOptions & { readonly operation: OperationId },
  ): Promise<AddResult> {
    checkKey('Key', key);
    if (typeof delta !== 'bigint') throw new TypeError(`Delta must be a bigint: received ${String(delta)}`);
    if (options.operation === undefined)
      throw new TypeError('Operation must name the addition: received undefined');
    return this.#change(options, () =>
      this.#link.call(service =>
        service.change(key, `add ${delta} to ${key}`, options.operation, [], partition =>
          partition.add(key, delta),
        ),
      ),
    );
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    options: CallOptions = {},
  ): Promise<BatchResult> {
    const first = checkBatch(conditions, writes, this.capabilities.valueMaxBytes);
    const copies = writes.map(write =>
      write.type === 'put' ? { ...write, value: new Uint8Array(write.value) } : write,
    );
    const checks = new Map(conditions);
    const sessions = writes.map(write => (write.type === 'put' ? write.session : undefined));
    const call = `batch ${writes.map(({ type, key }) => `${type} ${key}`).join()}`;
    const result = await this.#change(options, () =>
      this.#link.call(service =>
        service.change(first, call, options.operation, sessions, partition =>
          partition.batch(checks, copies),
        ),
      ),
    );
    return ownedBatch(result);
  }

  watch(
    prefix: string,
    from: Revision,
    options: { readonly signal: AbortSignal },
  ): AsyncIterable<StoreEvent> {
    checkKey('Prefix', prefix);
    checkInteger('Revision', from, 0);
    const context = {
      device: this.#device,
      service: this.#service,
      link: this.#link,
      options: this.#options,
    };
    return watchStore(context, prefix, from, options.signal, () => this.#checkOpen());
  }

  async session(options: WaitOptions & { readonly ttlMs: number }): Promise<Session> {
    const { ttlMs } = options;
    const { ttlMinMs } = this.capabilities;
    if (!(ttlMs >= ttlMinMs && ttlMs <= 2 ** 31)) {
      throw new RangeError(`Time to live in ms must be from ${ttlMinMs} to ${2 ** 31}: received ${ttlMs}`);
    }
    const { clock, marginShare = 0.05 } = this.#options;
    const opened = momentOf(clock);
    const id = await this.#ask(options, () => this.#link.call(service => service.openSession(ttlMs)));
    const context = { link: this.#link, clock, ttlMs, marginMs: ttlMs * marginShare };
    const session = new SimSession(context, id, opened);
    if (session.remainingMs() === 0) {
      throw new QuorateError(
        'UNAVAILABLE',
        `The session was older than ${ttlMs} ms when the store's answer came`,
        {
          retryable: true,
          outcome: 'not-applied',
        },
      );
    }
    if (this.#isClosed) {
      // Closed meanwhile: what ends with the store must not outlive it by having been on its way.
      await session[Symbol.asyncDispose]();
      this.#checkOpen();
    }
    this.#sessions.add(session);
    session.lost.addEventListener('abort', () => this.#sessions.delete(session), { once: true });
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#device.alive) return neverSettles();
    this.#isClosed = true;
    await Promise.all([...this.#sessions].map(session => session[Symbol.asyncDispose]()));
  }

  /** A call that changes nothing anybody could see: what is lost of it may be asked for again. */
  async #ask<Result>(options: CallOptions, call: () => Promise<Result>): Promise<Result> {
    this.#checkOpen();
    try {
      return await boundedWait(this.#options.clock, options, 'not-applied', call);
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown;
      throw new QuorateError('UNAVAILABLE', thrown.message, {
        retryable: true,
        outcome: 'not-applied',
        cause: thrown,
      });
    }
  }

  /** A call that changes something: what is lost of it may have taken effect, or still will. */
  async #change<Result>(options: CallOptions, call: () => Promise<Result>): Promise<Result | Unknown> {
    checkOperation(options.operation);
    this.#checkOpen();
    try {
      return await boundedWait(this.#options.clock, options, 'unknown', call);
    } catch (thrown) {
      if (!isUnknown(thrown)) throw thrown;
      return { outcome: 'unknown', cause: thrown };
    }
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' });
  }
}

function isUnknown(thrown: unknown): thrown is QuorateError {
  return thrown instanceof QuorateError && thrown.code === 'UNAVAILABLE' && thrown.outcome === 'unknown';
}
