import { type Clock, errorCode, linkSignal, sleep, type WaitOptions } from '@quorate/core';
import { clockWentBack, idsExhausted, workerLost } from './id-error.ts';
import { IdLayout, type IdLayoutOptions, type IdParts, wordsText } from './id-layout.ts';
import type { WorkerLease } from './worker-lease.ts';

/** How ids of one name are made. */
export interface IdOptions extends IdLayoutOptions {
  /** How long the worker's number outlives a process that died. Default that of the counters. */
  readonly ttlMs?: number;
  /** How far ahead time is reserved in the store: a process that blocks its loop for longer makes no ids until it has reserved anew. Default 10,000. */
  readonly horizonMs?: number;
  /** How far ids may be ahead of the clock where a millisecond's are used up, or the clock was set back. Default 10. */
  readonly leadMaxMs?: number;
  /** For how long a clock that was set back further is waited for, where ids are waited for. Default 1,000. */
  readonly waitMaxMs?: number;
}

/**
 * Makes 64-bit ids that sort by time, each once among all who use the name: as Snowflake (Twitter 2010), with worker numbers that
 * are leased and time that is reserved.
 *
 * Those of one generator grow strictly. Once its worker number is lost it makes none any more: make another.
 */
export interface IdGenerator extends AsyncDisposable {
  readonly name: string;
  readonly worker: number;
  /** Aborts when the worker's number is lost, before anybody else can have it. */
  readonly lost: AbortSignal;

  /**
   * The next id, a positive bigint below 2^63.
   *
   * @throws QuorateError `WORKER_LOST`; `IDS_EXHAUSTED` where ids would run ahead of the clock or of what is reserved;
   *   `CLOCK_WENT_BACK`: no id was made
   */
  nextSync(): bigint;

  /** The same in 13 characters that sort as the ids do. */
  nextTextSync(): string;

  /** Waits where {@link nextSync} has none at this moment. @throws as that, `ABORTED`, `DEADLINE_EXCEEDED` */
  next(options?: WaitOptions): Promise<bigint>;

  /** What an id of this name is made of. */
  split(id: bigint): IdParts;
}

/** How many ids at most are made between two looks at the clocks. They are looked at in each turn of the event loop anyway. */
const idsPerLook = 1024;

/** Where the low word of a 64-bit number is in memory. */
const lowWord: 0 | 1 = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 0 : 1;

const word = 2 ** 32;

export class LeasedIds implements IdGenerator {
  readonly name: string;
  readonly #lease: WorkerLease;
  readonly #clock: Clock;
  readonly #layout: IdLayout;
  readonly #leadMaxMs: number;
  readonly #waitMaxMs: number;
  /** An id is put together in two words and read as one. */
  readonly #id = new BigUint64Array(1);
  readonly #words: Int32Array = new Int32Array(this.#id.buffer);
  /** The low word of the next id. */
  #low = 0;
  /** How many more may be made without a look at the clocks. */
  #left = 0;
  /** The low word of the millisecond's first. */
  #base = 0;
  #timeMs: number;
  /** The most that the clock has said. */
  #highMs: number;
  #isFresh = false;
  #isClosed = false;

  constructor(name: string, lease: WorkerLease, clock: Clock, options: Required<IdOptions>) {
    this.name = name;
    this.#lease = lease;
    this.#clock = clock;
    this.#layout = new IdLayout(options);
    this.#leadMaxMs = options.leadMaxMs;
    this.#waitMaxMs = options.waitMaxMs;
    this.#highMs = Math.floor(clock.wallMs());
    this.#timeMs = lease.fromMs - 1;
    this.#low = this.#base + this.#layout.perMs;
    lease.lost.addEventListener('abort', () => void (this.#left = 0), { once: true });
  }

  get worker(): number {
    return this.#lease.worker;
  }

  get lost(): AbortSignal {
    return this.#lease.lost;
  }

  nextSync(): bigint {
    if (this.#left === 0) this.#look();
    this.#left--;
    this.#words[lowWord] = this.#low;
    this.#low = (this.#low + 1) | 0;
    return this.#id[0] as bigint;
  }

  nextTextSync(): string {
    this.nextSync();
    return wordsText(this.#words[1 - lowWord] as number, this.#words[lowWord] as number);
  }

  async next(options: WaitOptions = {}): Promise<bigint> {
    if (this.#left > 0) return this.nextSync();
    using linked = linkSignal(this.#clock, { ...options, outcome: 'not-applied' });
    for (;;) {
      linked.throwIfAborted();
      try {
        return this.nextSync();
      } catch (thrown) {
        const isBack = errorCode(thrown) === 'CLOCK_WENT_BACK';
        if (!isBack && errorCode(thrown) !== 'IDS_EXHAUSTED') throw thrown;
        if (isBack && this.#highMs - this.#clock.wallMs() > this.#waitMaxMs) throw thrown;
      }
      await sleep(this.#clock, 1, { signal: linked.signal }).catch(() => {});
    }
  }

  split(id: bigint): IdParts {
    return this.#layout.split(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#left = 0;
    await this.#lease.release(this.#timeMs);
  }

  /** Looks at the clocks, and finds time for the next ids. */
  #look(): void {
    if (this.#isClosed) throw workerLost(this.name, undefined);
    this.#lease.check();
    const nowMs = Math.floor(this.#clock.wallMs());
    if (nowMs > this.#highMs) this.#highMs = nowMs;
    else if (this.#highMs - nowMs > this.#leadMaxMs)
      throw clockWentBack(`There is no id "${this.name}"`, this.#highMs - nowMs);
    this.#lease.reserve(Math.max(nowMs, this.#timeMs));
    const used = (this.#low - this.#base) | 0;
    const { perMs } = this.#layout;
    if (nowMs > this.#timeMs) this.#begin(nowMs);
    else if (used >= perMs) this.#begin(this.#timeMs + 1);
    this.#left = Math.min(idsPerLook, perMs - ((this.#low - this.#base) | 0));
    this.#endWithTurn();
  }

  /** Goes on with a millisecond that has not been used. */
  #begin(timeMs: number): void {
    if (timeMs - this.#highMs > this.#leadMaxMs)
      throw idsExhausted(this.name, `they are ${timeMs - 1 - this.#highMs} ms ahead of the clock`);
    if (timeMs > this.#lease.upToMs)
      throw idsExhausted(this.name, `time is reserved up to ${this.#lease.upToMs} ms`);
    const { epochMs, lastMs, lowBits, sequenceBits } = this.#layout;
    if (timeMs < epochMs || timeMs > lastMs)
      throw new RangeError(`Clock must be between ${epochMs} and ${lastMs} ms for ids: received ${timeMs}`);
    const since = timeMs - epochMs;
    const perWord = word / 2 ** lowBits;
    this.#timeMs = timeMs;
    this.#words[1 - lowWord] = Math.floor(since / perWord);
    this.#base = ((since % perWord) * 2 ** lowBits + this.worker * 2 ** sequenceBits) | 0;
    this.#low = this.#base;
  }

  /** Whoever comes back in a later turn finds that the clocks must be looked at. */
  #endWithTurn(): void {
    if (this.#isFresh) return;
    this.#isFresh = true;
    queueMicrotask(() => {
      this.#isFresh = false;
      this.#left = 0;
    });
  }
}
