import { noBytes, type SortedBytes } from './sorted-bytes.ts';
import { behind, tables, textKey, textOfKey } from './table-keys.ts';

/** The threads that have the database open, by the ids that their sockets are named after. */
export interface HostTable {
  add(host: string): void;
  /** False where it was not there. */
  remove(host: string): boolean;
  all(): string[];
}

export function hostTable(bytes: SortedBytes): HostTable {
  return {
    add: host => {
      const key = textKey(tables.host, host);
      if (bytes.get(key) === undefined) bytes.put(key, noBytes);
    },
    remove: host => {
      const key = textKey(tables.host, host);
      if (bytes.get(key) === undefined) return false;
      bytes.remove(key);
      return true;
    },
    all: () => {
      const start = Uint8Array.of(tables.host);
      return bytes.keys({ start, end: behind(start) }).map(textOfKey);
    },
  };
}
