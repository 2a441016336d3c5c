import type { SortedBytes } from './sorted-bytes.ts';
import { tables, textKey } from './table-keys.ts';

/** A change's place in the history of its partition. */
export interface ChangePlace {
  readonly revision: number;
  /** Its number among the changes of all partitions. */
  readonly number: number;
}

/** Where a partition stands: at its last change. It is kept when the partition is empty, and is never again what it was. */
export interface PartitionHead extends ChangePlace {
  /** How many operations were remembered that changed nothing else. */
  readonly noted: number;
}

const headBytes = 24;

const none: PartitionHead = { revision: 0, number: 0, noted: 0 };

/** The head of a partition; zeros where nothing ever changed. */
export function partitionHead(bytes: SortedBytes, partition: string): PartitionHead {
  const record = bytes.get(textKey(tables.partition, partition));
  if (record === undefined) return none;
  return { revision: record.readDoubleLE(0), number: record.readDoubleLE(8), noted: record.readDoubleLE(16) };
}

export function writePartitionHead(
  bytes: SortedBytes,
  partition: string,
  { revision, number, noted }: PartitionHead,
): void {
  const record = Buffer.allocUnsafe(headBytes);
  record.writeDoubleLE(revision, 0);
  record.writeDoubleLE(number, 8);
  record.writeDoubleLE(noted, 16);
  bytes.put(textKey(tables.partition, partition), record);
}

export function sameHead(one: PartitionHead, other: PartitionHead): boolean {
  return one.revision === other.revision && one.number === other.number && one.noted === other.noted;
}
