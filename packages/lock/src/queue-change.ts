import type { Entry, Revision, SessionId } from '@quorate/core';
import { waitOver } from './observations.ts';
import type { TicketContext } from './ticket.ts';

/** What to wait for. */
export interface ChangeQuery {
  /** One key, or a whole queue. */
  readonly prefix: string;
  /** What happened up to here is known. */
  readonly from: Revision;
  /** Who is in the way; where nobody is, any change counts. */
  readonly by: readonly Entry[] | 'anybody';
  /** Needs no observation. */
  readonly own: SessionId | undefined;
  /** Looks again after so long, whatever is heard. */
  readonly checkMs: number;
}

/** A wait for anything that makes it worth to look again. */
export interface Change extends Disposable {
  /** The entry whose session was found dead, if that ended the wait. Never rejects. */
  readonly settled: Promise<Entry | undefined>;
  /** Ends the wait. */
  readonly wake: () => void;
}

/** Begins to wait: for a change of what is watched, for the death of a session in the way, and for the timer. */
export function untilChange({ store, clock, observations }: TicketContext, query: ChangeQuery): Change {
  let resolve!: (dead: Entry | undefined) => void;
  const promise = new Promise<Entry | undefined>(settle => {
    resolve = settle;
  });
  const wake = (): void => resolve(undefined);
  const ended = new AbortController();
  const timer = clock.setTimer(query.checkMs, wake);
  const observed: Disposable[] = [];
  const by = query.by === 'anybody' ? [] : query.by;
  for (const entry of by) {
    // An entry without a session is nobody's whom this package knows; it goes when somebody deletes it.
    if (entry.session === undefined || entry.session === query.own) continue;
    observed.push(observations.observe(entry.session, () => resolve(entry)));
  }
  const watch = async (): Promise<void> => {
    for await (const event of store.watch(query.prefix, query.from, { signal: ended.signal })) {
      // Entries behind say nothing; one in the way says something by going, and by telling that it waits no more.
      if (event.type === 'resync' || query.by === 'anybody') return wake();
      if (by.some(({ key }) => key === event.entry.key)) return wake();
    }
  };
  // Without the watch there is still the timer.
  watch().catch(() => {});
  return {
    settled: promise,
    wake,
    [Symbol.dispose]() {
      ended.abort(waitOver);
      timer.cancel();
      for (const observation of observed) observation[Symbol.dispose]();
    },
  };
}
