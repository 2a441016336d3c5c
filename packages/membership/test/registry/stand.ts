import { ManualClock, type Store, seededRandom } from '@quorate/core';
import { type MemoryStore, createMemoryStore } from '@quorate/engine-memory';
import {
  type RegisterOptions,
  type Registry,
  type ServiceInstance,
  type ServiceSnapshot,
  createRegistry,
} from '../../src/index.ts';

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** A memory with a clock of its own, and clients whose clocks can stand still. */
export class Stand {
  readonly clock = new ManualClock();
  readonly store: MemoryStore;
  readonly #ending: AbortController = new AbortController();

  constructor(changesMax = 256) {
    this.store = createMemoryStore({ clock: this.clock, random: seededRandom('registry'), changesMax });
  }

  client(clock: ManualClock = this.clock): [Registry, ManualClock, Store] {
    const store = this.store.open({ clock });
    return [createRegistry(store, { clock }), clock, store];
  }

  /** Lets time go by in small steps, with turns of the event loop in between. */
  async pass(durationMs: number, ...clocks: ManualClock[]): Promise<void> {
    for (let step = 0; step < 10; step++) {
      for (const clock of new Set([this.clock, ...clocks])) clock.advance(durationMs / 10);
      for (let count = 0; count < 5; count++) await turn();
    }
  }

  /** The latest snapshot of a service, and all there were. */
  watch(registry: Registry, service = 'web'): ServiceSnapshot[] {
    const seen: ServiceSnapshot[] = [];
    void (async () => {
      for await (const snapshot of registry.watch(service, { signal: this.#ending.signal }))
        seen.push(snapshot);
    })();
    return seen;
  }

  async discover(registry: Registry): Promise<readonly ServiceInstance[]> {
    const found = registry.discover('web');
    found.catch(() => {});
    await this.pass(10);
    return found;
  }

  end(): void {
    this.#ending.abort();
  }
}

/** An instance of the service `web`. */
export const web = (id: string, more: Partial<RegisterOptions> = {}): RegisterOptions => ({
  service: 'web',
  id,
  address: `10.0.0.1:${id}`,
  ttlMs: 1000,
  ...more,
});

/** A store that a test has its hands in. */
export function meddled(store: Store, own: Partial<Store>): Store {
  return new Proxy(store, {
    get: (target, name) => {
      const value = (own as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
