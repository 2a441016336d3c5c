import type { Disk } from '@quorate/core';
import { makeBlock } from './format/block.ts';
import { readFileName, segmentName } from './format/file-names.ts';
import { decodeSegmentHeader, type SegmentHeader, segmentHeaderBytes } from './format/segment-header.ts';
import { corrupt } from './journal-error.ts';
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

/**
 * Opens the segments of a run. The last may have no sound header if nothing was ever written to it; it is removed then.
 *
 * @throws QuorateError `JOURNAL_CORRUPT`
 */
export async function openSegments(
  disk: Disk,
  run: readonly number[],
): Promise<{ readonly segments: Segment[]; readonly salt: number }> {
  const segments: Segment[] = [];
  let salt: number | undefined;
  for (const number of run) {
    const header = await readHeader(disk, number, salt);
    if (typeof header !== 'string') {
      salt = header.salt;
      segments.push(new Segment(disk, number, header.size));
      continue;
    }
    const isLast = number === run.at(-1) && salt !== undefined;
    if (!isLast || (await holdsBatch(disk, number, salt as number))) {
      throw corrupt(segmentName(number), 0, header);
    }
    await disk.remove(segmentName(number));
  }
  return { segments, salt: salt as number };
}

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
  if (header.number !== number) return `the header of segment ${number}, not of ${header.number}`;
  if (salt !== undefined && header.salt !== salt)
    return `the salt ${salt} of this journal, not ${header.salt}`;
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
