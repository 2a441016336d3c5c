/** A {@link TicketLock} or an {@link McsLock} that is held. */
export class QueueHold implements Disposable {
  readonly #release: () => void;
  #isHeld = true;

  constructor(release: () => void) {
    this.#release = release;
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Gives the lock back. Harmless when repeated. */
  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#release();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
