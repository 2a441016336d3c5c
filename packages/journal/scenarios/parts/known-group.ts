import { groupId, type Journal, type LogEntry, logIndex } from '@quorate/core';

/** The groups that a node has. */
export const groups: readonly ReturnType<typeof groupId>[] = [groupId(1), groupId(2)];

/** A group as its node believes it to be. */
export interface KnownGroup {
  first: number;
  last: number;
  terms: Map<number, number>;
  voted: number;
  snapshot: number;
  /** A snapshot that is being saved, or 0. */
  saving: number;
}

/**
 * What of a group is compared by itself. Groups are compared one by one: where the disk is full, writes of one may be refused
 * while a later one of another group, which adds nothing, is applied. A group's snapshot is compared apart from its log, since it
 * takes its time while the log goes on.
 */
export type Part = 'log' | 'snapshot';

export function emptyGroup(): KnownGroup {
  return { first: 1, last: 0, terms: new Map(), voted: 0, snapshot: 0, saving: 0 };
}

/** In text, what the invariant compares. */
export function describePart({ first, last, terms, voted, snapshot }: KnownGroup, part: Part): string {
  if (part === 'snapshot') return String(snapshot);
  const held = Array.from({ length: last - first + 1 }, (_, at) => terms.get(first + at));
  return `${first}-${last}:${held.join(',')};${voted}`;
}

/** What an entry holds follows from its term, so that reading it again shows whether it is the same. */
export function payloadOf(entryTerm: number): Uint8Array {
  return new Uint8Array((entryTerm * 131) % 3000).fill(entryTerm % 251);
}

/** Whether an entry that was read is the one that was written with its term. */
export function isSound({ payload, term }: LogEntry): boolean {
  return Buffer.compare(payload, payloadOf(term)) === 0;
}

/** Reads everything that a journal has. */
export async function readGroups(journal: Journal): Promise<KnownGroup[]> {
  const all: KnownGroup[] = [];
  for (const group of groups) {
    const { first, last, hardState, snapshot } = journal.recover(group);
    const terms = new Map<number, number>();
    for (const entry of await journal.read(group, first, logIndex(last + 1))) {
      terms.set(entry.index, isSound(entry) ? entry.term : -1);
    }
    all.push({ first, last, terms, voted: hardState?.term ?? 0, snapshot: snapshot?.index ?? 0, saving: 0 });
  }
  return all;
}
