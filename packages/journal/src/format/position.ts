/**
 * A place in the journal as one number: the segment's number and an offset that is a multiple of 8. Positions grow in the
 * order of writing, so they compare as they are.
 */
export type Position = number;

/** Records and batches begin at multiples of this many bytes. */
export const alignBytes = 8;

/** Offsets of one segment, in units of {@link alignBytes}: 1 GiB. */
const unitsPerSegment = 2 ** 27;

/** The longest segment. */
export const segmentBytesMax: number = unitsPerSegment * alignBytes;

/** Segments are numbered from 1 and never twice; at 64 MiB each these are 4 PiB. Positions stay below 2^53. */
export const segmentNumberMax: number = 2 ** 26 - 1;

export function positionOf(segment: number, offset: number): Position {
  return segment * unitsPerSegment + offset / alignBytes;
}

export function segmentOf(position: Position): number {
  return Math.floor(position / unitsPerSegment);
}

export function offsetOf(position: Position): number {
  return (position % unitsPerSegment) * alignBytes;
}

/** `byteCount`, below 2^31, and what it takes to the next multiple of {@link alignBytes}. */
export function aligned(byteCount: number): number {
  return (byteCount + (alignBytes - 1)) & -alignBytes;
}
