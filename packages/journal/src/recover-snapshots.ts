import type { Disk, GroupId } from '@quorate/core';
import { segmentName, snapshotName } from './format/file-names.ts';
import type { GroupState } from './group-state.ts';
import { corrupt } from './journal-error.ts';
import { checkSnapshotEnd, readSnapshotHeader, SnapshotFile } from './snapshot-file.ts';

/** Gives each group its newest snapshot; returns the names of older ones. @throws QuorateError `JOURNAL_CORRUPT` */
export async function recoverSnapshots(
  disk: Disk,
  found: readonly { readonly group: number; readonly serial: number }[],
  groupOf: (id: number) => GroupState,
): Promise<readonly string[]> {
  const newest = new Map<number, number>();
  for (const { group, serial } of found) newest.set(group, Math.max(serial, newest.get(group) ?? 0));
  for (const [id, serial] of newest) {
    await using file = await disk.open(snapshotName(id, serial));
    const { metadata } = await readSnapshotHeader(file, id);
    await checkSnapshotEnd(file);
    groupOf(id).snapshot = new SnapshotFile(disk, id as GroupId, serial, metadata);
  }
  return found
    .filter(({ group, serial }) => newest.get(group) !== serial)
    .map(({ group, serial }) => snapshotName(group, serial));
}

/** Whether a group's entries do not go on from its snapshot, so that the snapshot stands alone (Ongaro 2014, figure 5.3). */
export function isSupersededBy(group: GroupState, snapshot: { index: number; term: number }): boolean {
  if (group.last < snapshot.index) return true;
  const held = group.base.index === snapshot.index ? group.base.term : group.index.term(snapshot.index);
  return held !== undefined && held !== snapshot.term;
}

/**
 * A group must have each entry from its base to its end, and a snapshot for what is below.
 *
 * @throws QuorateError `JOURNAL_CORRUPT`
 */
export function checkComplete(group: GroupState, segment: number, offset: number): void {
  const { base, last, index, snapshot, id } = group;
  if (base.index > (snapshot?.metadata.index ?? 0)) {
    throw corrupt(segmentName(segment), offset, `a snapshot of group ${id} at entry ${base.index} or above`);
  }
  if (index.count === last - base.index) return;
  let missing = base.index + 1;
  while (missing <= last && index.position(missing) !== 0) missing++;
  throw corrupt(segmentName(segment), offset, `entry ${missing} of group ${id} anywhere below`);
}
