import type { Disk } from '@quorate/core';
import { makeBlock } from './format/block.ts';
import { readFileName, segmentName } from './format/file-names.ts';
import { formatVersion } from './format/record.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './format/segment-header.ts';
import { corrupt, otherVersion } from './journal-error.ts';
import { Segment } from './segment.ts';
import { findHeaders } from './torn-tail.ts';

/** The files of a journal, before anything in them was read. */
export interface FoundFiles {
  /** Segment numbers, ascending. */
  readonly segments: readonly number[];
  readonly snapshots: readonly { readonly group: number; readonly serial: number }[];
  readonly temporary: readonly string[];
}

export async function findFiles(disk: Disk): Promise<FoundFiles> {
  const segments: number[] = [];
  const snapshots: { group: number; serial: number }[] = [];
  const temporary: string[] = [];
  for (const name of await disk.list()) {
    const file = readFileName(name);
    if (file.type === 'segment') segments.push(file.number);
    else if (file.type === 'snapshot') snapshots.push(file);
    else if (file.type === 'temporary') temporary.push(name);
  }
  return { segments: segments.sort((a, b) => a - b), snapshots, temporary };
}

/** The newest segments without a gap in their numbers, and those below the gap, which were being given back. */
export function splitAtGap(numbers: readonly number[]): {
  readonly run: readonly number[];
  readonly leftovers: readonly number[];
} {
  let start = numbers.length - 1;
  while (start > 0 && numbers[start - 1] === (numbers[start] as number) - 1) start--;
  return { run: numbers.slice(start), leftovers: numbers.slice(0, start) };
}

/** The segments of a run, of which nothing but the headers was read. */
export interface OpenedSegments {
  readonly segments: Segment[];
  readonly salt: number;
  /** The name of the last file, if it has no sound header and no batch: it is no segment, and may be removed. */
  readonly unused: string | undefined;
}

/**
 * Opens the segments of a run. The last may have no sound header if nothing was ever written to it.
 *
 * @throws QuorateError `JOURNAL_CORRUPT`
 */
export async function openSegments(disk: Disk, run: readonly number[]): Promise<OpenedSegments> {
  const segments: Segment[] = [];
  let salt: number | undefined;
  let unused: string | undefined;
  for (const number of run) {
    const header = await readHeader(disk, number, salt);
    if (typeof header !== 'string') {
      salt = header.salt;
      segments.push(new Segment(disk, number, header.size));
      continue;
    }
    unused = segmentName(number);
    const isLast = number === run.at(-1) && salt !== undefined;
    if (!isLast || (await holdsBatch(disk, number, salt as number))) throw corrupt(unused, 0, header);
  }
  return { segments, salt: salt as number, unused };
}

/**
 * A header, or what was expected in its place. Header and length are durable before the file has its name, so one that is
 * sound and does not belong there, or tells of a longer file, is no trace of a crash.
 */
async function readHeader(
  disk: Disk,
  number: number,
  salt: number | undefined,
): Promise<SegmentHeader | string> {
  await using file = await disk.open(segmentName(number));
  const { bytes } = makeBlock(segmentHeaderBytes);
  const count = await file.read(bytes, 0);
  const header = decodeSegmentHeader(bytes.subarray(0, count));
  if (typeof header === 'string') return header;
  const { name } = file;
  if (header.version !== formatVersion) throw otherVersion(name, 0, header.version);
  if (header.number !== number) {
    throw corrupt(name, 0, `the header of segment ${number}, not of ${header.number}`);
  }
  if (salt !== undefined && header.salt !== salt) {
    throw corrupt(name, 0, `the salt ${salt} of this journal, not ${header.salt}`);
  }
  if (file.size < header.size) {
    throw corrupt(name, file.size, `a file of ${header.size} bytes, not of ${file.size}`);
  }
  return header;
}

async function holdsBatch(disk: Disk, number: number, salt: number): Promise<boolean> {
  const size = await sizeOf(disk, number);
  const segment = new Segment(disk, number, size);
  try {
    for await (const found of findHeaders(segment, segmentHeaderBytes, salt)) return found.offset > 0;
    return false;
  } finally {
    await segment.close();
  }
}

async function sizeOf(disk: Disk, number: number): Promise<number> {
  await using file = await disk.open(segmentName(number));
  return file.size;
}
