import {
  type AddResult,
  type Applied,
  type BatchResult,
  type BatchWrite,
  type Clock,
  type Condition,
  type DriverCall,
  driveStore,
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
  sleep,
  type Store,
  type StoreCapabilities,
  type StoreDriver,
  type StoreEvent,
  type Unknown,
} from '@quorate/core';
import type { Device } from '../device.ts';
import { neverSettles } from '../device-wait.ts';
import { SimStoreService } from './sim-store-service.ts';
import { StoreLink } from './store-link.ts';
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

/** How long an observer rests before it asks again. */
const observeRestMs = 200;

/** A client of the service, for one start of one node. */
export function openSimStore(device: Device, service: SimStoreService, options: SimStoreOptions): Store {
  const marginMs = (ttlMs: number): number => ttlMs * (options.marginShare ?? 0.05);
  return driveStore(new SimStoreDriver(device, service, options), { clock: options.clock, marginMs });
}

class SimStoreDriver implements StoreDriver {
  readonly capabilities: StoreCapabilities;
  readonly #device: Device;
  readonly #options: SimStoreOptions;
  readonly #service: SimStoreService;
  readonly #link: StoreLink<SimStoreService>;

  constructor(device: Device, service: SimStoreService, options: SimStoreOptions) {
    this.#device = device;
    this.#options = options;
    this.#service = service;
    this.#link = new StoreLink(device, service, options);
    this.capabilities = service.capabilities;
  }

  async get(key: string): Promise<Entry | undefined> {
    const entry = await this.#link.call(service => service.read(key, partition => partition.get(key)));
    return entry && ownedEntry(entry);
  }

  async list(query: ListQuery): Promise<Listing> {
    const { entries, revision } = await this.#link.call(service =>
      service.read(query.prefix, partition => partition.list(query)),
    );
    return { entries: entries.map(ownedEntry), revision };
  }

  async put(write: EntryWrite, condition: Condition, { operation }: DriverCall): Promise<Applied | Refused> {
    const { key } = write;
    const result = await this.#link.call(service =>
      service.change(key, `put ${key}`, partition => partition.put(write, condition, operation)),
    );
    return ownedWrite(result);
  }

  async delete(key: string, condition: Condition, { operation }: DriverCall): Promise<Applied | Refused> {
    const result = await this.#link.call(service =>
      service.change(key, `delete ${key}`, partition => partition.delete(key, condition, operation)),
    );
    return ownedWrite(result);
  }

  async enqueue(
    prefix: string,
    value: Uint8Array,
    session: SessionId,
    { operation }: DriverCall,
  ): Promise<Enqueued> {
    const result = await this.#link.call(service =>
      service.change(prefix, `enqueue ${prefix}`, partition =>
        partition.enqueue(prefix, value, session, operation),
      ),
    );
    return ownedEnqueued(result);
  }

  add(key: string, delta: bigint, { operation }: DriverCall): Promise<Exclude<AddResult, Unknown>> {
    return this.#link.call(service =>
      service.change(key, `add ${delta} to ${key}`, partition => partition.add(key, delta, operation)),
    );
  }

  async batch(
    conditions: ReadonlyMap<string, Condition>,
    writes: readonly BatchWrite[],
    { operation }: DriverCall,
  ): Promise<Exclude<BatchResult, Unknown>> {
    const [first] = [...conditions.keys(), ...writes.map(({ key }) => key)] as [string];
    const call = `batch ${writes.map(({ type, key }) => `${type} ${key}`).join()}`;
    const result = await this.#link.call(service =>
      service.change(first, call, partition => partition.batch(conditions, writes, operation)),
    );
    return ownedBatch(result);
  }

  watch(prefix: string, from: Revision, signal: AbortSignal): AsyncIterable<StoreEvent> {
    const context = {
      device: this.#device,
      service: this.#service,
      link: this.#link,
      options: this.#options,
    };
    return watchStore(context, prefix, from, signal);
  }

  openSession(ttlMs: number): Promise<SessionId> {
    return this.#link.call(service => service.openSession(ttlMs));
  }

  renewSession(session: SessionId): Promise<boolean> {
    return this.#link.call(service => service.renewSession(session));
  }

  endSession(session: SessionId): Promise<void> {
    return this.#link.call(service => service.endSession(session));
  }

  async observe(session: SessionId, signal: AbortSignal | undefined): Promise<void> {
    while (await this.#link.call(service => service.isAlive(session))) {
      await sleep(this.#options.clock, observeRestMs, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#device.alive) return neverSettles();
  }
}
