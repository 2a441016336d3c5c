import { invariant } from '@quorate/core';
import type { SortedBytes } from './sorted-bytes.ts';
import { tables } from './table-keys.ts';

const rootKey = Uint8Array.of(tables.root);
const rootBytes = 56;

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
  /** How many steps may have changed sessions. */
  sessionWrites = 0;

  /** The root as it stands; undefined in a database that has none yet. */
  static read(bytes: SortedBytes): StoreRoot | undefined {
    const record = bytes.get(rootKey);
    if (record === undefined) return undefined;
    invariant(record.length === rootBytes, `the root has ${rootBytes} bytes`);
    const root = new StoreRoot();
    root.revision = record.readDoubleLE(0);
    root.ceiling = record.readDoubleLE(8);
    root.changeCount = record.readDoubleLE(16);
    root.watchCount = record.readDoubleLE(24);
    root.entryBytes = record.readDoubleLE(32);
    root.depthBits = record.readDoubleLE(40);
    root.sessionWrites = record.readDoubleLE(48);
    return root;
  }

  write(bytes: SortedBytes): void {
    const record = Buffer.allocUnsafe(rootBytes);
    record.writeDoubleLE(this.revision, 0);
    record.writeDoubleLE(this.ceiling, 8);
    record.writeDoubleLE(this.changeCount, 16);
    record.writeDoubleLE(this.watchCount, 24);
    record.writeDoubleLE(this.entryBytes, 32);
    record.writeDoubleLE(this.depthBits, 40);
    record.writeDoubleLE(this.sessionWrites, 48);
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
      this.depthBits === other.depthBits &&
      this.sessionWrites === other.sessionWrites
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
