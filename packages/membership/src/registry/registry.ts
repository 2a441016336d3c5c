import {
  type Clock,
  sleep,
  type Store,
  systemClock,
  type WaitOptions,
  Wake,
  boundedWait,
} from '@quorate/core';
import { KeptRegistration, type Registration } from './registration.ts';
import { checkName, type Health, type ServiceInstance } from './service-instance.ts';
import { ServiceView } from './service-view.ts';

/** How a registry is made. */
export interface RegistryOptions {
  /** The partition of the store that it has to itself. Default `services`. */
  readonly partition?: string | undefined;
  /** Default `systemClock`; the one that the store goes by. */
  readonly clock?: Clock | undefined;
}

/** What is registered. */
export interface RegisterOptions extends WaitOptions {
  readonly service: string;
  /** Unique within its service. A later registration of the same one takes its place: it is the same, started again. */
  readonly id: string;
  readonly address: string;
  readonly meta?: Readonly<Record<string, string>> | undefined;
  /** Default `passing`. */
  readonly health?: Health | Health['state'] | undefined;
  /** How long after its last sign of life it is taken off. Default 10,000. */
  readonly ttlMs?: number | undefined;
}

/** The instances of a service at some time, and what was different before. */
export interface ServiceSnapshot {
  /** Those that live, by id. */
  readonly instances: readonly ServiceInstance[];
  readonly added: readonly ServiceInstance[];
  readonly removed: readonly ServiceInstance[];
  readonly updated: readonly ServiceInstance[];
}

/** Who offers which service where, over any store. */
export interface Registry {
  /**
   * Registers an instance, and keeps it registered until the result is disposed of: where its session is lost, under another one.
   * Settles when the store has it; a wait that is given up takes it back.
   *
   * @throws QuorateError `ABORTED`, `DEADLINE_EXCEEDED`, and whatever the store says that does not pass
   */
  register(options: RegisterOptions): Promise<Registration>;

  /**
   * The instances of a service that live, by id. The session of each is observed for the time of one more round trip, so those
   * that are known to be dead are not listed. For more than a look use {@link watch}.
   *
   * @throws QuorateError what the store says
   */
  discover(service: string, options?: WaitOptions): Promise<readonly ServiceInstance[]>;

  /**
   * The instances now, then each time something is different: a snapshot each, however much was missed in between. Ends when the
   * signal aborts.
   *
   * @throws QuorateError what the store says, unless that passes
   */
  watch(service: string, options: { readonly signal: AbortSignal }): AsyncIterable<ServiceSnapshot>;
}

/**
 * Makes a registry on a store, which it does not dispose of.
 *
 * @throws TypeError, RangeError for a partition that is no name
 */
export function createRegistry(store: Store, options: RegistryOptions = {}): Registry {
  return new StoreRegistry(store, options);
}

class StoreRegistry implements Registry {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #partition: string;

  constructor(store: Store, { clock = systemClock, partition = 'services' }: RegistryOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#partition = checkName('Partition', partition);
  }

  async register(options: RegisterOptions): Promise<Registration> {
    const { id, address, meta = {}, ttlMs = 10_000, health = 'passing', signal, deadlineMs } = options;
    const service = checkName('Service', options.service);
    const registration = new KeptRegistration({
      store: this.#store,
      clock: this.#clock,
      key: `${this.#partition}/${service}/${checkName('Instance id', id)}`,
      service,
      id,
      ttlMs,
      description: {
        address,
        meta,
        health: typeof health === 'string' ? { state: health, reason: '' } : health,
      },
    });
    try {
      await registration.stored({ signal, deadlineMs });
    } catch (thrown) {
      // However long that takes: the wait is over.
      void registration[Symbol.asyncDispose]();
      throw thrown;
    }
    return registration;
  }

  async discover(service: string, options: WaitOptions = {}): Promise<readonly ServiceInstance[]> {
    const prefix = this.#prefix(service);
    const looking = new AbortController();
    try {
      return await boundedWait(this.#clock, options, 'not-applied', async signal => {
        signal?.addEventListener('abort', () => looking.abort(signal.reason), { once: true });
        const view = new ServiceView(this.#store, this.#clock, prefix, () => {});
        await view.list(looking.signal);
        // A second list takes as long as an observer needs to hear of a session that is dead already, and a turn of the event
        // loop lets that be heard.
        await view.list(looking.signal);
        await sleep(this.#clock, 0, { signal });
        return view.instances();
      });
    } finally {
      looking.abort();
    }
  }

  watch(service: string, { signal }: { readonly signal: AbortSignal }): AsyncIterable<ServiceSnapshot> {
    return this.#watch(this.#prefix(service), signal);
  }

  async *#watch(prefix: string, signal: AbortSignal): AsyncGenerator<ServiceSnapshot> {
    const wake = new Wake();
    const ending = new AbortController();
    const end = (): void => ending.abort();
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    let isListed = false;
    let failure: { readonly thrown: unknown } | undefined;
    const view = new ServiceView(this.#store, this.#clock, prefix, () => {
      isListed = true;
      wake.call();
    });
    const following = view.follow(ending.signal).catch((thrown: unknown) => {
      failure = { thrown };
      wake.call();
    });
    try {
      let shown: readonly ServiceInstance[] | undefined;
      while (!ending.signal.aborted) {
        if (failure !== undefined) throw failure.thrown;
        const snapshot = isListed ? compare(shown, view.instances()) : undefined;
        if (snapshot === undefined) await wake.wait(this.#clock, lookMs, ending.signal);
        else {
          shown = snapshot.instances;
          yield snapshot;
        }
      }
    } finally {
      end();
      signal.removeEventListener('abort', end);
      await following;
    }
  }

  #prefix(service: string): string {
    return `${this.#partition}/${checkName('Service', service)}/`;
  }
}

/** The longest wait for a change that was not told. */
const lookMs = 3_600_000;

/** What is different, or nothing. The first one always is. */
function compare(
  before: readonly ServiceInstance[] | undefined,
  instances: readonly ServiceInstance[],
): ServiceSnapshot | undefined {
  const known = new Map((before ?? []).map(instance => [instance.id, instance]));
  const found = new Set(instances.map(({ id }) => id));
  const added = instances.filter(({ id }) => !known.has(id));
  const removed = [...known.values()].filter(({ id }) => !found.has(id));
  const updated = instances.filter(({ id, revision }) => {
    const earlier = known.get(id);
    return earlier !== undefined && earlier.revision !== revision;
  });
  if (before !== undefined && added.length + removed.length + updated.length === 0) return undefined;
  return { instances, added, removed, updated };
}
