import type { GroupId, HardState, JournalWrite, LogEntry } from '@quorate/core';
import type { RaftWrite } from '../raft/effects.ts';

/** What an entry counts beside its payload, so that small ones are bounded too. */
const entryOverheadBytes = 64;

/**
 * One write of the core as writes to the journal, which takes no write of any length: many entries come together while the
 * disk is slow, or when a follower hears of them at once. Each piece holds at most `bytesMax`, but never less than one entry.
 *
 * A crash between two pieces leaves what a shorter write would have: the term and the vote are in the first one already, and
 * none calls more committed than is there with it.
 */
export function writePieces(
  group: GroupId,
  { truncateFrom, entries, hardState }: Pick<RaftWrite, 'truncateFrom' | 'entries' | 'hardState'>,
  bytesMax: number,
): readonly JournalWrite[] {
  const pieces: JournalWrite[] = [];
  let from = 0;
  do {
    const to = pieceEnd(entries, from, bytesMax);
    const piece = from === 0 && to === entries.length ? entries : entries.slice(from, to);
    pieces.push({
      group,
      ...(truncateFrom === undefined || from > 0 ? {} : { truncateFrom }),
      ...(piece.length === 0 ? {} : { entries: piece }),
      ...(hardState === undefined ? {} : { hardState: upTo(hardState, piece.at(-1)) }),
    });
    from = to;
  } while (from < entries.length);
  return pieces;
}

function pieceEnd(entries: readonly LogEntry[], from: number, bytesMax: number): number {
  let bytes = 0;
  for (let at = from; at < entries.length; at++) {
    bytes += (entries[at] as LogEntry).payload.length + entryOverheadBytes;
    if (bytes > bytesMax && at > from) return at;
  }
  return entries.length;
}

function upTo(hardState: HardState, last: LogEntry | undefined): HardState {
  if (last === undefined || hardState.committed <= last.index) return hardState;
  return { ...hardState, committed: last.index };
}
