import { type Entry, errorCode, type Revision, sleep, type WaitOptions } from '@quorate/core';
import { HeldLock } from './held-lock.ts';
import { handOffsPerTicket, type HoldCore } from './hold-core.ts';
import type { AcquireOptions, Lock } from './lock.ts';
import { lockLost } from './lock-error.ts';
import { untilChange } from './queue-change.ts';
import type { Station } from './station.ts';
import { runWith } from './store-lockable.ts';
import type { TaskFront } from './task-front.ts';
import { queuePrefix, type TicketContext } from './ticket.ts';
import { decodeTicket, encodeTicket } from './ticket-value.ts';

/** Who leads, as the store says. */
export interface Leader {
  /** What it campaigned with, or proclaimed since. */
  readonly value: Uint8Array;
  /** What its lock has as `fence`. */
  readonly fence: bigint;
}

/** To lead, as long as it lasts. */
export interface Leadership extends Lock {
  /** Shows another value in place of the one it campaigned with. @throws QuorateError `LOCK_LOST`, `NOT_OWNER`, `UNAVAILABLE` */
  proclaim(value: Uint8Array): Promise<void>;
  /** The same as `release`. */
  resign(): Promise<void>;
}

/** One leader at a time, whom everybody can see. */
export interface Election {
  readonly name: string;
  /** Waits to lead. @param value what the others see of it; at most what the store takes, less 100 bytes */
  campaign(value: Uint8Array, options?: AcquireOptions): Promise<Leadership>;
  /** Leads, or not, at once. */
  tryCampaign(value: Uint8Array, options?: AcquireOptions): Promise<Leadership | undefined>;
  /** Leads while `use` runs. @throws QuorateError `LOCK_LOST` where it was lost meanwhile */
  run<Result>(
    value: Uint8Array,
    options: AcquireOptions,
    use: (leadership: Leadership) => Result | PromiseLike<Result>,
  ): Promise<Result>;
  /** The first in line. It may have died a moment ago: {@link observe} tells. */
  leader(options?: WaitOptions): Promise<Leader | undefined>;
  /** Each leader from now on, and undefined where there is none; what was quickly over may be left out. Ends with the signal. */
  observe(options: { readonly signal: AbortSignal }): AsyncIterable<Leader | undefined>;
}

const retryMs = 250;

export class StoreElection implements Election {
  readonly name: string;
  readonly #partition: string;
  readonly #context: TicketContext;
  readonly #checkMs: number;
  readonly #front: TaskFront;
  readonly #candidate: (value: Uint8Array, options: AcquireOptions) => Station;

  constructor(
    name: string,
    partition: string,
    context: TicketContext,
    checkMs: number,
    front: TaskFront,
    candidate: (value: Uint8Array, options: AcquireOptions) => Station,
  ) {
    this.name = name;
    this.#partition = partition;
    this.#context = context;
    this.#checkMs = checkMs;
    this.#front = front;
    this.#candidate = candidate;
  }

  async campaign(value: Uint8Array, options: AcquireOptions = {}): Promise<Leadership> {
    checkValue(value);
    const task = this.#front.taskOf(options);
    return this.#lead(await this.#candidate(value, options).acquire(options, task, core => core));
  }

  async tryCampaign(value: Uint8Array, options: AcquireOptions = {}): Promise<Leadership | undefined> {
    checkValue(value);
    const task = this.#front.taskOf(options);
    const core = await this.#candidate(value, options).tryAcquire(options, task);
    return core && this.#lead(core);
  }

  async run<Result>(
    value: Uint8Array,
    options: AcquireOptions,
    use: (leadership: Leadership) => Result | PromiseLike<Result>,
  ): Promise<Result> {
    return this.#front.run(this.name, options, own =>
      runWith({ acquire: limits => this.campaign(value, limits) }, own, use),
    );
  }

  async leader(options: WaitOptions = {}): Promise<Leader | undefined> {
    const { entries } = await this.#context.store.list(this.#prefix, { ...options, limit: 1 });
    return readLeader(entries[0]);
  }

  observe({ signal }: { readonly signal: AbortSignal }): AsyncIterable<Leader | undefined> {
    return this.#observe(signal);
  }

  get #prefix(): string {
    return queuePrefix(this.#partition);
  }

  #lead(core: HoldCore): Leadership {
    return new HeldLeadership(core, this.#context.client);
  }

  async *#observe(signal: AbortSignal): AsyncGenerator<Leader | undefined> {
    let shown: Revision | undefined;
    /** Whose session is dead though its entry still stands. */
    let dead: Entry | undefined;
    while (!signal.aborted) {
      const seen = await this.#first(signal);
      if (seen === undefined) {
        await sleep(this.#context.clock, retryMs, { signal }).catch(() => {});
        continue;
      }
      const [entry, revision] = seen;
      const isDead = entry !== undefined && entry.created === dead?.created;
      const present = isDead ? undefined : entry;
      const version = present?.modified ?? (0 as Revision);
      if (version !== shown) {
        shown = version;
        yield readLeader(present);
      }
      dead = (await this.#untilChange(entry, isDead, revision, signal)) ?? (isDead ? dead : undefined);
    }
  }

  /** Undefined where the store cannot tell now. */
  async #first(signal: AbortSignal): Promise<readonly [Entry | undefined, Revision] | undefined> {
    try {
      const { entries, revision } = await this.#context.store.list(this.#prefix, { limit: 1, signal });
      return [entries[0], revision];
    } catch (thrown) {
      if (signal.aborted || errorCode(thrown) === 'UNAVAILABLE') return undefined;
      throw thrown;
    }
  }

  async #untilChange(
    entry: Entry | undefined,
    isDead: boolean,
    from: Revision,
    signal: AbortSignal,
  ): Promise<Entry | undefined> {
    if (signal.aborted) return undefined;
    const prefix = entry?.key ?? this.#prefix;
    const by = entry === undefined ? 'anybody' : [entry];
    const own = isDead ? entry?.session : undefined;
    using change = untilChange(this.#context, { prefix, from, by, own, checkMs: this.#checkMs });
    signal.addEventListener('abort', change.wake, { once: true });
    const dead = await change.settled;
    signal.removeEventListener('abort', change.wake);
    return dead;
  }
}

class HeldLeadership extends HeldLock implements Leadership {
  readonly #client: string;

  constructor(core: HoldCore, client: string) {
    super(core);
    this.#client = client;
  }

  async proclaim(value: Uint8Array): Promise<void> {
    checkValue(value);
    this.assertHeld();
    const { ticket } = this.core.slot;
    const isShown = await ticket.rewrite(encodeTicket({ mode: 'x', client: this.#client }, value));
    if (!isShown) throw lockLost(this.name, ticket.session.cause);
  }

  resign(): Promise<void> {
    return this.release();
  }
}

function readLeader(entry: Entry | undefined): Leader | undefined {
  if (entry === undefined) return undefined;
  return {
    value: decodeTicket(entry.value).value,
    fence: BigInt(entry.created) * BigInt(handOffsPerTicket),
  };
}

function checkValue(value: Uint8Array): void {
  if (value instanceof Uint8Array) return;
  throw new TypeError(`Value of a candidate must be a Uint8Array: received ${String(value)}`);
}
