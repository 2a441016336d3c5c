import { type Journal, linkSignal } from '@quorate/core';
import type { GroupState } from './group-state.ts';
import { type JournalOptions, type ResolvedOptions, resolveOptions } from './journal-options.ts';
import { recover } from './recover.ts';
import { SegmentedJournal } from './segmented-journal.ts';

/**
 * Opens the journal in a folder, or makes one there.
 *
 * Everything is read once and checked, and nothing is changed before. A torn tail, which is what a crash leaves of writes
 * that nobody was told were durable, is cut off; damage below what was durable is refused, since a replica that forgot an
 * entry it acknowledged, or a vote, must not take part as if nothing had happened.
 *
 * @throws RangeError where an option is out of its bounds
 * @throws QuorateError `ALREADY_OPEN`; `JOURNAL_CORRUPT`, which says file, offset and what was expected, also where another
 *   version of the format was written; `STORAGE_FULL` where there is no room for a new journal; `ABORTED`; `IO_FAILED`
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const resolved = resolveOptions(options);
  using wait = linkSignal(resolved.clock, { signal: resolved.signal, outcome: 'not-applied' });
  wait.throwIfAborted();
  const { journal, superseded } = await openLocked({ ...resolved, signal: wait.signal });
  try {
    await journal.settle(superseded);
    return journal;
  } catch (error) {
    await journal[Symbol.asyncDispose]();
    throw error;
  }
}

async function openLocked(
  options: ResolvedOptions,
): Promise<{ readonly journal: SegmentedJournal; readonly superseded: readonly GroupState[] }> {
  const lock = await options.disk.lock();
  try {
    const recovered = await recover(options);
    return { journal: new SegmentedJournal(options, recovered, lock), superseded: recovered.superseded };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}
