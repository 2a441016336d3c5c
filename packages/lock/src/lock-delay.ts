import { type Clock, type Entry, sleep, type Store } from '@quorate/core';
import { type LockSession, sessionGone } from './lock-session.ts';
import type { Ticket } from './ticket.ts';

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

  constructor(store: Store, clock: Clock, delayMs: number) {
    this.#store = store;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** Settles when the lock may be used; false where its session was lost meanwhile. */
  async enter(ticket: Ticket): Promise<boolean> {
    const { session } = ticket;
    const own = new TextEncoder().encode(ticket.entry!.key);
    for (let hasWaited = false; session.remainingMs() > 0; ) {
      try {
        const mark = await session.guard(this.#store.get(markKey(ticket)));
        if (mark === sessionGone) return false;
        if (mark !== undefined && isSame(mark, own)) return true;
        if (mark !== undefined && !hasWaited) {
          await this.#rest(session, this.#delayMs);
          hasWaited = true;
          continue;
        }
        const condition = mark === undefined ? { absent: true as const } : { modified: mark.modified };
        await session.guard(this.#store.put(markKey(ticket), own, condition));
      } catch {
        await this.#rest(session, retryMs);
      }
    }
    return false;
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
        await this.#rest(ticket.session, retryMs);
      }
    }
  }

  async #rest(session: LockSession, restMs: number): Promise<void> {
    const ended = new AbortController();
    const end = (): void => ended.abort();
    session.onLost(end);
    await sleep(this.#clock, restMs, { signal: ended.signal }).catch(() => {});
    session.offLost(end);
  }
}

function markKey({ partition }: Ticket): string {
  return `${partition}/holder`;
}

function isSame({ value }: Entry, own: Uint8Array): boolean {
  return value.length === own.length && value.every((byte, index) => byte === own[index]);
}
