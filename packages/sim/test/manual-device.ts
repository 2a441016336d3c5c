import { type Clock, nodeId, type Random, seededRandom } from '@quorate/core';
import type { Device, Dice } from '../src/device.ts';
import type { TraceDetail } from '../src/trace/trace-event.ts';

interface Scheduled {
  readonly atUs: number;
  readonly order: number;
  readonly run: () => void;
}

/** A world of devices on one queue of events, moved by hand: what the tests of single devices run on. */
export class ManualWorld {
  nowUs = 0;
  readonly dice: ManualDice;
  readonly trace: TraceDetail[] = [];
  #order = 0;
  #queue: Scheduled[] = [];

  constructor(seed: number | string = 0) {
    this.dice = new ManualDice(seed);
  }

  get pendingCount(): number {
    return this.#queue.length;
  }

  device(name = 'a'): ManualDevice {
    return new ManualDevice(this, name);
  }

  schedule(delayUs: number, run: () => void): void {
    if (!Number.isSafeInteger(delayUs) || delayUs < 0) throw new RangeError(`Bad delay ${delayUs}`);
    this.#queue.push({ atUs: this.nowUs + delayUs, order: this.#order++, run });
  }

  /** Runs what is due within `durationUs`, with the promises that each event wakes. */
  async advance(durationUs: number): Promise<void> {
    const endUs = this.nowUs + durationUs;
    await settleMicrotasks();
    for (let next = this.#take(endUs); next !== undefined; next = this.#take(endUs)) {
      this.nowUs = next.atUs;
      next.run();
      await settleMicrotasks();
    }
    this.nowUs = endUs;
  }

  /** Runs until `promise` has settled. Fails where nothing is left that could settle it. */
  async until<Value>(promise: PromiseLike<Value> | Value, eventsMax = 100_000): Promise<Value> {
    const progress = { isSettled: false };
    const settled = Promise.resolve(promise).finally(() => {
      progress.isSettled = true;
    });
    settled.catch(() => {});
    await settleMicrotasks();
    for (let count = 0; !progress.isSettled; count++) {
      const next = this.#take(Number.POSITIVE_INFINITY);
      if (next === undefined || count === eventsMax) throw new Error('The promise never settled');
      this.nowUs = next.atUs;
      next.run();
      await settleMicrotasks();
    }
    return settled;
  }

  #take(endUs: number): Scheduled | undefined {
    let first: Scheduled | undefined;
    for (const event of this.#queue) {
      if (event.atUs > endUs) continue;
      if (
        first === undefined ||
        event.atUs < first.atUs ||
        (event.atUs === first.atUs && event.order < first.order)
      ) {
        first = event;
      }
    }
    this.#queue = this.#queue.filter(event => event !== first);
    return first;
  }
}

/** Seeded draws with a stream for each label, as the engine's; `force` sets answers for a label. */
export class ManualDice implements Dice {
  readonly drawn: string[] = [];
  readonly #root: Random;
  readonly #streams = new Map<string, Random>();
  readonly #forced = new Map<string, (number | boolean)[] | number | boolean>();

  constructor(seed: number | string) {
    this.#root = seededRandom(seed);
  }

  /** From now on `label` answers so: with each of a list once, or always the same. */
  force(label: string, answers: (number | boolean)[] | number | boolean): void {
    this.#forced.set(label, answers);
  }

  chance(label: string, probability: number): boolean {
    const forced = this.#take(label);
    return forced === undefined ? this.#stream(label).float() < probability : Boolean(forced);
  }

  between(label: string, min: number, max: number): number {
    if (!(min <= max)) throw new RangeError(`Bad range of ${label}: ${min} to ${max}`);
    const forced = this.#take(label);
    const drawn = this.#stream(label).below(max - min + 1);
    return forced === undefined ? min + drawn : Math.max(min, Math.min(max, Number(forced)));
  }

  #take(label: string): number | boolean | undefined {
    this.drawn.push(label);
    const forced = this.#forced.get(label);
    return Array.isArray(forced) ? forced.shift() : forced;
  }

  #stream(label: string): Random {
    let stream = this.#streams.get(label);
    if (stream === undefined) {
      stream = this.#root.fork(label);
      this.#streams.set(label, stream);
    }
    return stream;
  }
}

/** One start of a node. */
export class ManualDevice implements Device {
  readonly node: ReturnType<typeof nodeId>;
  readonly dice: Dice;
  alive = true;
  /** How fast the node's clocks run. */
  rate = 1;
  wallOffsetMs = 0;
  readonly #world: ManualWorld;

  constructor(world: ManualWorld, name: string) {
    this.#world = world;
    this.node = nodeId(name);
    this.dice = world.dice;
  }

  get nowUs(): number {
    return this.#world.nowUs;
  }

  after(delayUs: number, callback: () => void): void {
    this.#world.schedule(delayUs, () => {
      if (this.alive) callback();
    });
  }

  trace(detail: TraceDetail): void {
    this.#world.trace.push(detail);
  }

  /** The node's clock, which runs at {@link rate}. */
  clock(): Clock {
    const monotonicMs = (): number => (this.nowUs / 1000) * this.rate;
    return {
      bootId: 'manual' as Clock['bootId'],
      monotonicMs,
      bootMs: monotonicMs,
      wallMs: () => monotonicMs() + this.wallOffsetMs,
      setTimer: (delayMs, callback) => {
        let isPending = true;
        const cancel = (): void => {
          isPending = false;
        };
        this.after(Math.ceil((delayMs * 1000) / this.rate), () => {
          if (isPending) callback();
          isPending = false;
        });
        return { cancel, ref() {}, unref() {}, [Symbol.dispose]: cancel };
      },
    };
  }
}

/** Lets every promise that can go on do so: a macrotask runs only when no microtask is left. */
function settleMicrotasks(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}
