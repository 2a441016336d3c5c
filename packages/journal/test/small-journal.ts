import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {
  type Disk,
  errorCode,
  type GroupId,
  groupId,
  invariant,
  type Journal,
  type LogEntry,
  logIndex,
  ManualClock,
  seededRandom,
  type SnapshotMetadata,
  term,
} from '@quorate/core';
import { onTestFinished } from 'vitest';
import { type JournalOptions, openJournal } from '../src/index.ts';
import type { CrashDisk } from './crash-disk.ts';

/** The groups of a test that needs one, or two. */
export const group: GroupId = groupId(1);
export const other: GroupId = groupId(2);

/** An entry whose bytes tell its index. */
export function entry(index: number, size = 100, ofTerm = 1): LogEntry {
  return {
    index: logIndex(index),
    term: term(ofTerm),
    kind: 0,
    payload: new Uint8Array(size).fill(index),
  };
}

/** The entries from one index to another, both included. */
export function range(from: number, to: number, size?: number, ofTerm?: number): LogEntry[] {
  return Array.from({ length: to - from + 1 }, (_, at) => entry(from + at, size, ofTerm));
}

/** Opens a journal of the smallest segments, whose clock stands still unless it is given one. */
export function open(disk: Disk, more: Partial<JournalOptions> = {}): Promise<Journal> {
  return openJournal({
    disk,
    segmentBytes: 65_536,
    clock: new ManualClock(),
    random: seededRandom(1),
    ...more,
  });
}

/** Opens what is there after a power loss that takes everything that was not synced. */
export function reopen(disk: CrashDisk): Promise<Journal> {
  return open(disk.after('none', seededRandom(1)));
}

/** Writes entries one by one until there is no room; returns the last index that was acknowledged. */
export async function fill(journal: Journal, size = 3000): Promise<number> {
  for (let { last } = journal.recover(group); ; last++) {
    const code = await codeOf(journal.write({ group, entries: [entry(last + 1, size)] }));
    if (code === 'STORAGE_FULL') return last;
    invariant(code === 'ok', `a write ends well, or finds no room: not ${code}`);
  }
}

/** What a snapshot says that stands for the entries up to `index`. */
export function metadataAt(index: number, ofTerm = 1): SnapshotMetadata {
  return { index: logIndex(index), term: term(ofTerm), membership: new Uint8Array(0) };
}

/** The contents of an empty snapshot. */
export async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Saves an empty snapshot. */
export function save(journal: Journal, index: number, ofTerm?: number, of: GroupId = group): Promise<void> {
  return journal.saveSnapshot(of, metadataAt(index, ofTerm), nothing());
}

/** How a call ends: `ok`, or the code of its error. */
export function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(
    () => 'ok',
    (error: unknown) => errorCode(error),
  );
}

/** Lets promises go on for so many microtasks. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** A folder of the platform that is gone when the test is over. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-journal-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}
