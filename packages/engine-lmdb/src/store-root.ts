import { invariant } from '@quorate/core';
import type { SortedBytes } from './sorted-bytes.ts';
import { tables } from './table-keys.ts';

const rootKey = Uint8Array.of(tables.root);
const rootBytes = 48;

/** The counters of a database, read at the beginning of a transaction and written at its end. */
export class StoreRoot {
  /** The last revision that was given, in any partition. */
  revision = 0;
  /** Revisions up to this one are reserved beside the database: after a loss they are not given again. */
  ceiling = 0;
  /** How many changes there ever were. */
  changeCount = 0;
  /** How many prefixes are watched. */
  watchCount = 0;
  /** What the entries take: their keys, values and a share of the tables. */
  entryBytes = 0;
  /** Which depths of folders there ever were, a bit for each; the last stands for all that are deeper. */
  depthBits = 0;

  /** The root as it stands; undefined in a database that has none yet. */
  static read(bytes: SortedBytes): StoreRoot | undefined {
    const record = bytes.get(rootKey);
    if (record === undefined) return undefined;
    invariant(record.length === rootBytes, `the root has ${rootBytes} bytes`);
    const view = new DataView(record.buffer, record.byteOffset);
    const root = new StoreRoot();
    root.revision = view.getFloat64(0);
    root.ceiling = view.getFloat64(8);
    root.changeCount = view.getFloat64(16);
    root.watchCount = view.getFloat64(24);
    root.entryBytes = view.getFloat64(32);
    root.depthBits = view.getFloat64(40);
    return root;
  }

  write(bytes: SortedBytes): void {
    const record = new Uint8Array(rootBytes);
    const view = new DataView(record.buffer);
    view.setFloat64(0, this.revision);
    view.setFloat64(8, this.ceiling);
    view.setFloat64(16, this.changeCount);
    view.setFloat64(24, this.watchCount);
    view.setFloat64(32, this.entryBytes);
    view.setFloat64(40, this.depthBits);
    bytes.put(rootKey, record);
  }

  /** Whether a transaction must write it. */
  equals(other: StoreRoot): boolean {
    return (
      this.revision === other.revision &&
      this.ceiling === other.ceiling &&
      this.changeCount === other.changeCount &&
      this.watchCount === other.watchCount &&
      this.entryBytes === other.entryBytes &&
      this.depthBits === other.depthBits
    );
  }

  copy(): StoreRoot {
    return Object.assign(new StoreRoot(), this);
  }
}

/** How many depths of folders are told apart. */
const depthMax = 30;

/** The bit of a depth. */
export function depthBit(depth: number): number {
  return 1 << Math.min(depth, depthMax);
}
