import type { SessionOperation } from '../wire/entry-payload.ts';

/**
 * A client's count of its operations, for whoever writes with retries.
 *
 * The session itself is replicated; this only hands out sequence numbers. Use it from one place: begin an operation, send it
 * until its outcome is known, then settle it, or release it where it certainly did not happen.
 *
 * ```text
 * const session = await replica.openSession();
 * const operation = session.begin();
 * await write(command, { session: operation }); // again, at whichever leader there is, until it is known
 * session.settle(operation);
 * ```
 */
export class ClientSession {
  /** Names the session in its group. */
  readonly id: number;
  /** It ends when no entry has named it for so long, as the leaders measure it. */
  readonly ttlMs: number;
  #begun = 0;
  #settled = 0;
  readonly #early = new Set<number>();

  /** @param last the last operation that was begun, where a session is taken up again */
  constructor(id: number, ttlMs: number, last = 0) {
    this.id = id;
    this.ttlMs = ttlMs;
    this.#begun = this.#settled = last;
  }

  /**
   * The next operation. Several may be under way at once; they are applied in the order of their numbers. At most
   * 1,024 (`sessionWindowMax`) may wait to be settled: a write with one beyond them is refused as `RangeError`.
   */
  begin(): SessionOperation {
    this.#begun++;
    return { session: this.id, sequence: this.#begun, settled: this.#settled };
  }

  /** The outcome is known: the reply need not be kept any more. */
  settle({ sequence }: SessionOperation): void {
    if (sequence > this.#settled) this.#early.add(sequence);
    while (this.#early.delete(this.#settled + 1)) this.#settled++;
  }

  /**
   * The operation certainly did not happen, so that its number is free again.
   *
   * @throws RangeError unless it is the last that was begun: a gap would keep all later ones from being applied
   */
  release({ sequence }: SessionOperation): void {
    if (sequence !== this.#begun || sequence <= this.#settled) {
      throw new RangeError(
        `Operation to release must be the last one, ${this.#begun}, and not settled: received ${sequence}`,
      );
    }
    this.#begun--;
    this.#early.delete(sequence);
  }
}
