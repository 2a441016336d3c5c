import {
  type Clock,
  errorCode,
  type QueueStore,
  type StateResult,
  type Timer,
  type WaitOptions,
} from '@quorate/core';

/** The state record whose presence says that a queue is paused, for all who work on it. */
export function pauseKey(queue: string): string {
  return `${queue}/~paused`;
}

/** Pauses a queue for all processes, or lets it go on. */
export function writePause(
  store: QueueStore,
  queue: string,
  isPaused: boolean,
  options: WaitOptions,
): Promise<StateResult> {
  return store.state.write({ key: pauseKey(queue), value: isPaused ? new Uint8Array() : undefined }, options);
}

/** How often the record is looked at although nobody told of a change. */
const lookMs = 5000;
/** How soon after a failure. */
const againMs = 500;

/** Knows whether a queue is paused. Until it does, it is. */
export class PauseWatch implements Disposable {
  isPaused = true;
  readonly #store: QueueStore;
  readonly #clock: Clock;
  readonly #key: string;
  readonly #onChange: () => void;
  readonly #onTrouble: (error: unknown) => void;
  readonly #watch: Disposable;
  #timer: Timer | undefined;
  #isLooking = false;
  #isHinted = false;
  #isDisposed = false;

  /** @throws QuorateError `CLOSED` */
  constructor(
    store: QueueStore,
    clock: Clock,
    queue: string,
    onChange: () => void,
    onTrouble: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#key = pauseKey(queue);
    this.#onChange = onChange;
    this.#onTrouble = onTrouble;
    this.#watch = store.state.watch(this.#key, key => {
      if (key === this.#key) void this.#look();
    });
    void this.#look();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#timer?.cancel();
    this.#watch[Symbol.dispose]();
  }

  async #look(): Promise<void> {
    this.#isHinted = true;
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#timer?.cancel();
    let restMs = lookMs;
    while (this.#isHinted && !this.#isDisposed) {
      this.#isHinted = false;
      try {
        const isPaused = (await this.#store.state.get(this.#key, { deadlineMs: lookMs })) !== undefined;
        if (isPaused === this.isPaused) continue;
        this.isPaused = isPaused;
        if (!this.#isDisposed) this.#onChange();
      } catch (thrown) {
        if (errorCode(thrown) === 'CLOSED') this.isPaused = false; // The lease says so to whoever works.
        restMs = againMs;
        if (this.#isDisposed) return;
        this.#onTrouble(thrown);
        this.#onChange();
      }
    }
    this.#isLooking = false;
    if (!this.#isDisposed) this.#timer = this.#clock.setTimer(restMs, () => void this.#look());
  }
}
