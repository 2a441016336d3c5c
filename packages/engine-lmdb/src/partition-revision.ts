import type { SortedBytes } from './sorted-bytes.ts';
import { tables, textKey } from './table-keys.ts';

/** The revision of a partition's last change; 0 where there was none. It is kept when the partition is empty. */
export function revisionOf(bytes: SortedBytes, partition: string): number {
  const record = bytes.get(textKey(tables.revision, partition));
  return record === undefined ? 0 : new DataView(record.buffer, record.byteOffset).getFloat64(0);
}

export function writeRevision(bytes: SortedBytes, partition: string, revision: number): void {
  const record = new Uint8Array(8);
  new DataView(record.buffer).setFloat64(0, revision);
  bytes.put(textKey(tables.revision, partition), record);
}
