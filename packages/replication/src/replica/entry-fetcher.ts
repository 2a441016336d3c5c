import type { Clock, GroupId, Journal, LogEntry, LogIndex, Timer } from '@quorate/core';
import type { EntryFetch } from '../raft/effects.ts';

/**
 * Reads from the journal what a follower that is far behind needs.
 *
 * A turn of the event loop lies between two reads: a journal may have the entries in memory, and then a leader would send as
 * much as the window takes, many mebibytes, before anybody else is heard.
 */
export class EntryFetcher implements Disposable {
  readonly #journal: Journal;
  readonly #group: GroupId;
  readonly #clock: Clock;
  readonly #timers = new Set<Timer>();

  constructor(journal: Journal, group: GroupId, clock: Clock) {
    this.#journal = journal;
    this.#group = group;
    this.#clock = clock;
  }

  /** The entries, as far as they are there; `undefined` where they are gone. Never settles once this is disposed of. */
  async read({ from, to, bytesMax }: EntryFetch): Promise<readonly LogEntry[] | undefined> {
    const journal = this.#journal;
    await this.#nextTurn();
    const end = Math.min(to, journal.recover(this.#group).last) + 1;
    // Whoever leads now has cut them off meanwhile.
    if (end <= from) return [];
    try {
      return await journal.read(this.#group, from, end as LogIndex, { bytesMax });
    } catch {
      // Compacted meanwhile, or the disk is finished, which the next write tells.
      return undefined;
    }
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #nextTurn(): Promise<void> {
    return new Promise(resolve => {
      const timer = this.#clock.setTimer(0, () => {
        this.#timers.delete(timer);
        resolve();
      });
      this.#timers.add(timer);
    });
  }
}
