import type { SortedBytes } from './sorted-bytes.ts';
import { tables, textKey } from './table-keys.ts';

/** Where a partition stands. It is kept when the partition is empty. */
export interface PartitionHead {
  /** The revision of its last change. */
  readonly revision: number;
  /** The number of that change, among the changes of all partitions. */
  readonly number: number;
}

const none: PartitionHead = { revision: 0, number: 0 };

/** The head of a partition; zeros where nothing ever changed. */
export function partitionHead(bytes: SortedBytes, partition: string): PartitionHead {
  const record = bytes.get(textKey(tables.partition, partition));
  if (record === undefined) return none;
  const view = new DataView(record.buffer, record.byteOffset);
  return { revision: view.getFloat64(0), number: view.getFloat64(8) };
}

export function writePartitionHead(
  bytes: SortedBytes,
  partition: string,
  { revision, number }: PartitionHead,
): void {
  const record = new Uint8Array(16);
  const view = new DataView(record.buffer);
  view.setFloat64(0, revision);
  view.setFloat64(8, number);
  bytes.put(textKey(tables.partition, partition), record);
}
