import type { Clock, Entry, Revision, Store } from '@quorate/core';
import { sessionGone } from './lock-session.ts';
import type { Ticket, TicketEnd } from './ticket.ts';

const retryMs = 100;

/**
 * A pause after a holder that died, for resources that do not check fences: its last requests may still be on their way (Burrows,
 * "The Chubby Lock Service", 2006, §2.4).
 *
 * Each holder leaves a mark that belongs to no session, and takes it away when it releases. Whoever finds the mark of another has
 * learned that its holder died, waits, and then puts its own in its place.
 */
export class LockDelay {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #delayMs: number;
  /** The last mark of a dead holder that was found, and since when: whoever asks again need not wait anew. */
  #found: { readonly modified: Revision; readonly sinceMs: number } | undefined;

  constructor(store: Store, clock: Clock, delayMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /**
   * Settles when the lock may be used. Else no entry is left; the mark is.
   *
   * @param mayWait false: `refused` where the delay is not over
   */
  async enter(ticket: Ticket, mayWait = true): Promise<TicketEnd> {
    const { session } = ticket;
    const own = new TextEncoder().encode(ticket.entry!.key);
    while (session.remainingMs() > 0) {
      try {
        const mark = await session.guard(this.#store.get(markKey(ticket)));
        if (mark === sessionGone) return 'lost';
        if (mark !== undefined && isSame(mark, own)) return 'granted';
        const leftMs = mark === undefined ? 0 : this.#leftMs(mark);
        if (leftMs === 0) {
          const condition = mark === undefined ? { absent: true as const } : { modified: mark.modified };
          await session.guard(this.#store.put(markKey(ticket), own, condition));
          continue;
        }
        if (mayWait) await ticket.pause(leftMs);
      } catch {
        await ticket.pause(retryMs);
      }
      if (!mayWait || ticket.isWithdrawn) {
        await ticket.leave();
        return mayWait ? 'withdrawn' : 'refused';
      }
    }
    return 'lost';
  }

  /** Takes the mark away. Where that fails, the next holder waits for nothing. */
  async leave(ticket: Ticket): Promise<void> {
    const own = new TextEncoder().encode(ticket.entry!.key);
    while (ticket.session.remainingMs() > 0) {
      try {
        const mark = await ticket.session.guard(this.#store.get(markKey(ticket)));
        if (mark === sessionGone || mark === undefined || !isSame(mark, own)) return;
        const { modified } = mark;
        await ticket.session.guard(this.#store.delete(mark.key, { modified }));
      } catch {
        await ticket.pause(retryMs);
      }
    }
  }

  /** How much of the delay is left, which began when the mark was found first. */
  #leftMs({ modified }: Entry): number {
    const nowMs = this.#clock.monotonicMs();
    if (this.#found?.modified !== modified) this.#found = { modified, sinceMs: nowMs };
    return Math.max(0, this.#found.sinceMs + this.#delayMs - nowMs);
  }
}

function markKey({ partition }: Ticket): string {
  return `${partition}/holder`;
}

function isSame({ value }: Entry, own: Uint8Array): boolean {
  return value.length === own.length && value.every((byte, index) => byte === own[index]);
}
