import type { Clock, Timer } from './clock.ts';
import { type BootId, bootId } from './ids.ts';
import { type Random, randomBytesMax, WordRandom } from './random.ts';

/**
 * The only file of the published packages that touches ambient time and randomness.
 *
 * Node's modules are asked for at run time (`process.getBuiltinModule`), so that browsers and bundlers meet no `node:` import.
 */

/** The longest delay that the platform's own timers keep; longer ones fire at once there. */
const platformDelayMaxMs = 0x7fff_ffff;

/** A running platform timer: a number in browsers, an object in Node. */
type PlatformTimer = ReturnType<typeof setTimeout> | number;

class SystemTimer implements Timer {
  readonly #callback: () => void;
  readonly #dueMs: number;
  #handle: PlatformTimer | undefined;
  #refed = true;

  constructor(delayMs: number, callback: () => void) {
    this.#callback = callback;
    this.#dueMs = performance.now() + delayMs;
    this.#arm(delayMs);
  }

  cancel(): void {
    if (this.#handle === undefined) return;
    clearTimeout(this.#handle);
    this.#handle = undefined;
  }

  ref(): void {
    this.#refed = true;
    if (typeof this.#handle === 'object') this.#handle.ref();
  }

  unref(): void {
    this.#refed = false;
    if (typeof this.#handle === 'object') this.#handle.unref();
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #arm(delayMs: number): void {
    this.#handle = setTimeout(() => this.#fire(), Math.min(Math.ceil(delayMs), platformDelayMaxMs));
    if (!this.#refed) this.unref();
  }

  /** Platform timers may run up to a millisecond early, and long delays are kept in several legs. */
  #fire(): void {
    const remainingMs = this.#dueMs - performance.now();
    if (remainingMs > 0) {
      this.#arm(remainingMs);
      return;
    }
    this.#handle = undefined;
    this.#callback();
  }
}

class SystemClock implements Clock {
  #bootId: BootId | undefined;
  #bootOffsetMs = 0;

  wallMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  bootMs(): number {
    if (this.#bootId === undefined) this.#findOrigin();
    return performance.now() + this.#bootOffsetMs;
  }

  get bootId(): BootId {
    return this.#bootId ?? this.#findOrigin();
  }

  setTimer(delayMs: number, callback: () => void): Timer {
    if (!(delayMs >= 0) || delayMs === Number.POSITIVE_INFINITY) {
      throw new RangeError(`Delay in ms must be a finite number of at least 0: received ${delayMs}`);
    }
    return new SystemTimer(delayMs, callback);
  }

  /**
   * `process.hrtime` and `performance.now` read one kernel clock from different origins, so their difference is a constant
   * of this thread. It is measured once, between two readings, to within their distance.
   */
  #findOrigin(): BootId {
    const kernelId = readKernelBootId();
    if (kernelId === undefined) {
      this.#bootOffsetMs = 0;
      this.#bootId = bootId(
        `thread-${systemRandom.uint32().toString(16)}-${systemRandom.uint32().toString(16)}`,
      );
      return this.#bootId;
    }
    let narrowestMs = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 8; attempt++) {
      const beforeMs = performance.now();
      const [seconds, nanoseconds] = process.hrtime();
      const widthMs = performance.now() - beforeMs;
      if (widthMs >= narrowestMs) continue;
      narrowestMs = widthMs;
      this.#bootOffsetMs = seconds * 1000 + nanoseconds / 1e6 - (beforeMs + widthMs / 2);
    }
    this.#bootId = bootId(kernelId);
    return this.#bootId;
  }
}

/** The kernel's id of this boot, on Linux; its hrtime counts from that boot for every process. */
function readKernelBootId(): string | undefined {
  try {
    const fs = globalThis.process?.getBuiltinModule?.('node:fs');
    const text = fs?.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return text === '' ? undefined : text;
  } catch {
    return undefined; // Not Linux, or /proc is out of reach: the caller falls back to an id of its own.
  }
}

class SystemRandom extends WordRandom {
  readonly #words = new Uint32Array(256);
  #next = 256;

  uint32(): number {
    if (this.#next === this.#words.length) {
      crypto.getRandomValues(this.#words);
      this.#next = 0;
    }
    const word = this.#words[this.#next] as number;
    this.#words[this.#next++] = 0; // A word once given is not left lying in memory.
    return word;
  }

  override bytes(byteCount: number): Uint8Array {
    if (!Number.isInteger(byteCount) || byteCount < 0 || byteCount > randomBytesMax)
      return super.bytes(byteCount);
    return crypto.getRandomValues(new Uint8Array(byteCount));
  }

  /** Secure words have no seed to split; every label gets the same source. */
  fork(): Random {
    return this;
  }
}

/** The platform's secure random source, buffered 1 KiB at a time. */
export const systemRandom: Random = new SystemRandom();

/** The platform's clock. Timers of any finite length; see {@link Clock} for what each reading means. */
export const systemClock: Clock = new SystemClock();
