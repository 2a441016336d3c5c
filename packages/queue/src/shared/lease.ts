/** What a lease needs of its queue. */
export interface LeaseHome {
  done(base: number): void;
  giveBack(base: number): void;
}

/**
 * A message that this thread alone has, until it says that it is done with it. When the thread dies before, the message is given
 * to another. The slot is not free for a new message before: a lease that is kept long stops the producers a lap later.
 */
export class Lease implements Disposable {
  /** The message, in place: its memory is somebody else's once the lease has ended. */
  readonly bytes: Uint8Array;
  readonly #home: LeaseHome;
  readonly #base: number;
  #isHeld = true;

  constructor(home: LeaseHome, base: number, bytes: Uint8Array) {
    this.#home = home;
    this.#base = base;
    this.bytes = bytes;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The message is dealt with. Harmless when repeated. @throws QuorateError `NOT_OWNER` where this thread was declared dead */
  done(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#home.done(this.#base);
  }

  /** Gives the message back, for any consumer to take, before those that are ready. @throws as {@link done} */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#home.giveBack(this.#base);
  }

  /** Gives it back unless it is done. */
  [Symbol.dispose](): void {
    this.release();
  }
}
