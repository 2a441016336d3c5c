import { groupId } from '@quorate/core';
import { segmentName } from './format/file-names.ts';
import { positionOf } from './format/position.ts';
import { segmentHeaderBytes } from './format/segment-header.ts';
import {
  findFiles,
  type FoundFiles,
  type OpenedSegments,
  openSegments,
  splitAtGap,
} from './find-segments.ts';
import { GroupState } from './group-state.ts';
import { corrupt } from './journal-error.ts';
import type { ResolvedOptions } from './journal-options.ts';
import { checkComplete, isSupersededBy, recoverSnapshots } from './recover-snapshots.ts';
import { Replay, type ReplayEnd } from './replay.ts';
import type { Segment } from './segment.ts';
import { SegmentList } from './segment-list.ts';
import { createSegment, Segments } from './segments.ts';
import { cutTornTail, findTornTail, type TornHeader } from './torn-tail.ts';
import type { ChainEnd } from './writer.ts';

/** What was found on disk, ready to go on. */
export interface Recovered {
  readonly segments: Segments;
  readonly groups: Map<number, GroupState>;
  readonly end: ChainEnd;
  /** Groups that a snapshot superseded just before the process ended: their log has to say so before they go on. */
  readonly superseded: readonly GroupState[];
}

/**
 * Reads a journal, or makes a new one. Everything is checked before anything is changed, so that a journal that is refused
 * stays as it was found.
 *
 * @throws QuorateError `JOURNAL_CORRUPT` and what the disk throws
 */
export async function recover(options: ResolvedOptions): Promise<Recovered> {
  const { disk } = options;
  const files = await findFiles(disk);
  const { run, leftovers } = splitAtGap(files.segments);
  if (run.length === 0) return createJournal(options, files);
  const opened = await openSegments(disk, run);
  try {
    const checked = await check(options, files, leftovers, opened);
    return await takeOver(options, files, leftovers, opened, checked);
  } catch (error) {
    for (const segment of opened.segments) await segment.close();
    throw error;
  }
}

async function createJournal(
  { disk, limits, clock, random }: ResolvedOptions,
  { snapshots, temporary }: FoundFiles,
): Promise<Recovered> {
  if (snapshots.length > 0) throw corrupt(segmentName(1), 0, 'a segment beside the snapshots');
  for (const name of temporary) await disk.remove(name);
  const salt = random.uint32();
  const first = await createSegment(disk, {
    number: 1,
    salt,
    bytesMin: limits.firstSegmentBytes,
    bytesWanted: limits.firstSegmentBytes,
  });
  const list = new SegmentList([first]);
  const durable = positionOf(1, segmentHeaderBytes);
  return {
    segments: new Segments(disk, limits, clock, salt, list),
    groups: new Map(),
    end: { sum: 0, number: 0, durable },
    superseded: [],
  };
}

/** What was read of a journal that is sound. */
interface Checked {
  readonly list: SegmentList;
  readonly groups: Map<number, GroupState>;
  readonly end: ReplayEnd;
  /** Segments behind the last batch. */
  readonly later: readonly Segment[];
  readonly torn: readonly TornHeader[];
  /** Names of snapshots that newer ones replaced. */
  readonly replaced: readonly string[];
  readonly superseded: readonly GroupState[];
}

/** Reads everything and changes nothing. */
async function check(
  { disk, signal }: ResolvedOptions,
  files: FoundFiles,
  leftovers: readonly number[],
  { segments, salt }: OpenedSegments,
): Promise<Checked> {
  const list = new SegmentList(segments);
  const replay = new Replay(list, salt);
  const end = await replay.run(() => signal?.throwIfAborted());
  const later = segments.filter(({ number }) => number > end.segment.number);
  const torn = await findTornTail(end, later, salt);
  checkOldest(end, list.oldest.number, leftovers);
  const { groups } = replay;
  const replaced = await recoverSnapshots(disk, files.snapshots, id => {
    const group = groups.get(id) ?? new GroupState(groupId(id), list);
    groups.set(id, group);
    return group;
  });
  const superseded: GroupState[] = [];
  for (const group of groups.values()) {
    const snapshot = group.snapshot?.metadata;
    if (snapshot !== undefined && isSupersededBy(group, snapshot)) superseded.push(group);
    else checkComplete(group, end.segment.number, end.offset);
    group.rollBack();
  }
  return { list, groups, end, later, torn, replaced, superseded };
}

/** Makes durable what was read, and takes away what is left over. */
async function takeOver(
  { disk, limits, clock }: ResolvedOptions,
  { temporary }: FoundFiles,
  leftovers: readonly number[],
  { segments, salt, unused }: OpenedSegments,
  { list, groups, end, later, torn, replaced, superseded }: Checked,
): Promise<Recovered> {
  for (const name of temporary) await disk.remove(name);
  if (unused !== undefined) await disk.remove(unused);
  await cutTornTail(disk, torn);
  await repeatLast(disk, end);
  for (const number of leftovers) await disk.remove(segmentName(number));
  for (const name of replaced) await disk.remove(name);
  end.segment.file = await disk.open(end.segment.name);
  const next = await keepNext(disk, later);
  segments.length -= later.length;
  return { segments: new Segments(disk, limits, clock, salt, list, next), groups, end, superseded };
}

/**
 * Makes durable what was read. The last batch may be in the page cache alone: the process ended between write and sync, or
 * the sync failed and the kernel took the pages for clean all the same (Rebello et al., "Can Applications Recover from fsync
 * Failures?", 2020). Written once more, in place, it is as durable as it looks; names are synced for the same reason.
 */
async function repeatLast(disk: ResolvedOptions['disk'], { last }: ReplayEnd): Promise<void> {
  if (last !== undefined) {
    const bytes = new Uint8Array(last.length);
    await last.segment.read(bytes, last.offset);
    await using file = await disk.open(last.segment.name);
    await file.write([bytes], last.offset);
    await file.sync();
  }
  await disk.syncNames();
}

/** Segments that the last batch still needs must be there. */
function checkOldest(end: ReplayEnd, first: number, leftovers: readonly number[]): void {
  let missing = end.oldest === 0 ? 1 : end.oldest;
  while (leftovers.includes(missing)) missing++;
  if (missing < first) throw corrupt(segmentName(missing), 0, 'a segment that is still needed');
}

/** The segment that was made ready and has no batch; what is beyond it was never acknowledged. */
async function keepNext(
  disk: ResolvedOptions['disk'],
  later: readonly Segment[],
): Promise<Segment | undefined> {
  const [next, ...rest] = later;
  for (const segment of rest) {
    await segment.close();
    await disk.remove(segment.name);
  }
  if (next === undefined) return undefined;
  next.file = await disk.open(next.name);
  next.offset = segmentHeaderBytes;
  return next;
}
