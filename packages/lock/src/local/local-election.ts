import type { WaitOptions } from '@quorate/core';
import type { Election, Leader, Leadership } from '../election.ts';
import type { AcquireOptions, Lock, Lockable } from '../lock.ts';

/** An election within one process: a mutex whose holder shows a value. */
export class LocalElection implements Election {
  readonly name: string;
  readonly #mutex: Lockable<Lock>;
  /** Found anew each time: one that nobody used may have been forgotten. */
  readonly #find: () => LeaderBoard;

  constructor(name: string, mutex: Lockable<Lock>, find: () => LeaderBoard) {
    this.name = name;
    this.#mutex = mutex;
    this.#find = find;
  }

  async campaign(value: Uint8Array, options: AcquireOptions = {}): Promise<Leadership> {
    checkBytes(value);
    return new LocalLeadership(await this.#mutex.acquire(options), this.#find(), value);
  }

  async tryCampaign(value: Uint8Array, options: AcquireOptions = {}): Promise<Leadership | undefined> {
    checkBytes(value);
    const lock = await this.#mutex.tryAcquire(options);
    return lock && new LocalLeadership(lock, this.#find(), value);
  }

  run<Result>(
    value: Uint8Array,
    options: AcquireOptions,
    use: (leadership: Leadership) => Result | PromiseLike<Result>,
  ): Promise<Result> {
    checkBytes(value);
    return this.#mutex.run(options, async lock => {
      const leadership = new LocalLeadership(lock, this.#find(), value);
      try {
        return await use(leadership);
      } finally {
        await leadership.release();
      }
    });
  }

  async leader(_options?: WaitOptions): Promise<Leader | undefined> {
    return this.#find().leader;
  }

  observe({ signal }: { readonly signal: AbortSignal }): AsyncIterable<Leader | undefined> {
    return this.#find().observe(signal);
  }
}

/** Who leads, for those who look. One for each name, as long as somebody leads or looks. */
export class LeaderBoard {
  readonly #watchers = new Set<() => void>();
  #leader: Leader | undefined;

  get isIdle(): boolean {
    return this.#leader === undefined && this.#watchers.size === 0;
  }

  get leader(): Leader | undefined {
    return this.#leader;
  }

  set leader(leader: Leader | undefined) {
    this.#leader = leader;
    for (const watcher of this.#watchers) watcher();
  }

  async *observe(signal: AbortSignal): AsyncGenerator<Leader | undefined> {
    let wake = (): void => {};
    const watcher = (): void => wake();
    this.#watchers.add(watcher);
    signal.addEventListener('abort', watcher, { once: true });
    try {
      let shown: Leader | 'nothing yet' | undefined = 'nothing yet';
      while (!signal.aborted) {
        if (shown !== this.#leader) {
          shown = this.#leader;
          yield shown;
          continue;
        }
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', watcher);
    }
  }
}

class LocalLeadership implements Leadership {
  readonly #lock: Lock;
  readonly #board: LeaderBoard;

  constructor(lock: Lock, board: LeaderBoard, value: Uint8Array) {
    this.#lock = lock;
    this.#board = board;
    board.leader = { value: new Uint8Array(value), fence: lock.fence };
  }

  get name(): string {
    return this.#lock.name;
  }

  get fence(): bigint {
    return this.#lock.fence;
  }

  get signal(): AbortSignal {
    return this.#lock.signal;
  }

  remainingMs(): number {
    return this.#lock.remainingMs();
  }

  assertHeld(): void {
    this.#lock.assertHeld();
  }

  async proclaim(value: Uint8Array): Promise<void> {
    checkBytes(value);
    this.assertHeld();
    this.#board.leader = { value: new Uint8Array(value), fence: this.fence };
  }

  async release(): Promise<void> {
    if (this.#lock.remainingMs() === 0) return;
    this.#board.leader = undefined;
    await this.#lock.release();
  }

  resign(): Promise<void> {
    return this.release();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }
}

function checkBytes(value: Uint8Array): void {
  if (value instanceof Uint8Array) return;
  throw new TypeError(`Value of a candidate must be a Uint8Array: received ${String(value)}`);
}
