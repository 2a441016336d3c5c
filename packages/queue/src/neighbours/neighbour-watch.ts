import {
  type Clock,
  errorCode,
  type QueueStore,
  type StateRecord,
  type Timer,
  type WaitOptions,
} from '@quorate/core';
import type { Owner } from '../working/owner.ts';
import type { Processes } from './processes.ts';

/** The state records that say which process each owner of leases is, by their marks: those are short, and no two are the same. */
function ownersOf(queue: string): string {
  return `${queue}/~owners/`;
}

/** How often it is looked whether the processes that are known still run; it asks the kernel alone. */
const lookMs = 250;

/** How often the owners are listed although nobody told of a new one. */
const listMs = 10_000;

/** How long the last call may take, by which the record goes. */
const lastMs = 2000;

/** How long a record stands that nobody writes again, in case nobody is left who would delete it. */
const recordMs = 3_600_000;

/** An owner of leases that is looked after. */
interface Known {
  readonly owner: string;
  readonly process: string;
}

/**
 * Ends the leases of whoever worked on the same queue in a process of the same machine, when that process has ended: nobody needs to
 * wait until they end by themselves.
 *
 * Each owner writes a record with its process, and looks after those of its host. Nothing is lost by one that is missing, or late.
 */
export class NeighbourWatch implements AsyncDisposable {
  readonly #store: QueueStore;
  readonly #clock: Clock;
  readonly #queue: string;
  readonly #owner: Owner;
  readonly #processes: Processes;
  readonly #onTrouble: (error: unknown) => void;
  readonly #watch: Disposable;
  /** Other owners of this host, by their marks. */
  #known = new Map<string, Known>();
  #timer: Timer | undefined;
  #listAtMs = 0;
  #writeAtMs = 0;
  readonly #over = new AbortController();
  #working: Promise<void> = Promise.resolve();

  /** @throws QuorateError `CLOSED` */
  constructor(options: {
    readonly store: QueueStore;
    readonly clock: Clock;
    readonly queue: string;
    readonly owner: Owner;
    readonly processes: Processes;
    readonly onTrouble: (error: unknown) => void;
  }) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#queue = options.queue;
    this.#owner = options.owner;
    this.#processes = options.processes;
    this.#onTrouble = options.onTrouble;
    this.#watch = this.#store.state.watch(ownersOf(this.#queue), () => {
      this.#listAtMs = Math.min(this.#listAtMs, this.#clock.monotonicMs() + lookMs);
    });
    this.#turn();
  }

  /** Takes the record away: who ends in order leaves nothing to be looked after. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#timer?.cancel();
    this.#watch[Symbol.dispose]();
    await this.#working;
    await this.#forget(this.#owner.mark, { deadlineMs: lastMs }).catch(() => {});
  }

  #turn(): void {
    this.#working = this.#look().catch((thrown: unknown) => {
      if (errorCode(thrown) === 'CLOSED') this.#over.abort();
      else if (!this.#over.signal.aborted) this.#onTrouble(thrown);
    });
    void this.#working.then(() => {
      if (!this.#over.signal.aborted) this.#timer = this.#clock.setTimer(lookMs, () => this.#turn());
    });
  }

  async #look(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs >= this.#writeAtMs) await this.#write(nowMs);
    if (nowMs >= this.#listAtMs) await this.#list(nowMs);
    for (const [mark, { owner, process }] of this.#known) {
      if (!this.#processes.isGone(process)) continue;
      await this.#store.abandon(this.#queue, owner, this.#limit);
      await this.#forget(mark, this.#limit);
      this.#known.delete(mark);
    }
  }

  async #write(nowMs: number): Promise<void> {
    const { host, self } = this.#processes;
    const { name, mark } = this.#owner;
    const value = new TextEncoder().encode(JSON.stringify({ host, process: self, owner: name }));
    const expiresAtMs = (await this.#store.now(this.#limit)) + recordMs;
    await this.#store.state.write({ key: this.#keyOf(mark), value, expiresAtMs }, this.#limit);
    this.#writeAtMs = nowMs + recordMs / 3;
  }

  async #list(nowMs: number): Promise<void> {
    this.#listAtMs = nowMs + listMs;
    const prefix = ownersOf(this.#queue);
    const known = new Map<string, Known>();
    let cursor: string | undefined;
    do {
      const page = await this.#store.state.scan(prefix, {
        ...this.#limit,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const record of page.items) {
        const found = this.#knownOf(record);
        const mark = record.key.slice(prefix.length);
        if (found !== undefined && mark !== this.#owner.mark) known.set(mark, found);
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
    this.#known = known;
  }

  /** An owner and its process, where it is one of this host and a neighbour can tell. */
  #knownOf({ value }: StateRecord): Known | undefined {
    try {
      const { host, process, owner } = JSON.parse(new TextDecoder().decode(value)) as Record<string, unknown>;
      if (host !== this.#processes.host) return undefined;
      return typeof process === 'string' && typeof owner === 'string' ? { owner, process } : undefined;
    } catch {
      return undefined; // Another version wrote it.
    }
  }

  async #forget(mark: string, limit: WaitOptions): Promise<void> {
    await this.#store.state.write({ key: this.#keyOf(mark), value: undefined }, limit);
  }

  #keyOf(mark: string): string {
    return ownersOf(this.#queue) + mark;
  }

  get #limit(): WaitOptions {
    return { deadlineMs: listMs, signal: this.#over.signal };
  }
}
