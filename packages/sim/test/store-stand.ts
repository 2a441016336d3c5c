import type { Entry, Session, Store } from '@quorate/core';
import { openSimStore, SimStoreService, type SimStoreOptions } from '../src/store/sim-store.ts';
import type { SimStoreServiceOptions } from '../src/store/sim-store-service.ts';
import { type ManualDevice, ManualWorld } from './manual-device.ts';

/** Text as a value. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (entry: Entry | undefined): string | undefined =>
  entry && new TextDecoder().decode(entry.value);
export const absent = { absent: true } as const;

type Faults = { -readonly [Key in keyof SimStoreOptions]: SimStoreOptions[Key] };

/** A service and a client of it. */
export class Stand {
  readonly world: ManualWorld;
  readonly service: SimStoreService;
  readonly device: ManualDevice;
  readonly faults: Faults;
  readonly store: Store & Required<Pick<Store, 'enqueue' | 'add' | 'batch'>>;

  constructor(seed = 0, options: SimStoreServiceOptions = {}) {
    this.world = new ManualWorld(seed);
    this.service = new SimStoreService(this.world.device('store'), options);
    this.device = this.world.device('a');
    this.faults = { clock: this.device.clock() };
    this.store = openSimStore(this.device, this.service, this.faults) as typeof this.store;
  }

  do<Result>(call: PromiseLike<Result>): Promise<Result> {
    return this.world.until(call);
  }

  async put(key: string, value = ''): Promise<number> {
    const current = await this.do(this.store.get(key));
    const condition = current === undefined ? absent : { modified: current.modified };
    const result = await this.do(this.store.put(key, bytes(value), condition));
    return result.outcome === 'applied' ? result.revision : -1;
  }

  async keys(prefix: string, options: Parameters<Store['list']>[1] = {}): Promise<string[]> {
    const { entries } = await this.do(this.store.list(prefix, options));
    return entries.map(({ key }) => key);
  }

  session(ttlMs = 1000): Promise<Session> {
    return this.do(this.store.session({ ttlMs }));
  }
}
