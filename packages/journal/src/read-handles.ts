import type { Disk } from '@quorate/core';

/** How many segments of a journal stay open for reading; those that were read last. */
export const readHandlesMax = 64;

/** Somebody who holds a handle that can be made again. */
export interface HandleHolder {
  /** Closes the handle unless it is in use; says whether it did. */
  letGo(): boolean;
}

/** The handles by which the segments of one disk are read: a journal may have more segments than a process may have files. */
export class ReadHandles {
  static readonly #byDisk = new WeakMap<Disk, ReadHandles>();
  /** The longest unused first. */
  readonly #holders = new Set<HandleHolder>();

  static of(disk: Disk): ReadHandles {
    let handles = ReadHandles.#byDisk.get(disk);
    if (handles === undefined) ReadHandles.#byDisk.set(disk, (handles = new ReadHandles()));
    return handles;
  }

  /** A holder is about to use its handle. Those that were not used for longest let go of theirs, above the limit. */
  used(holder: HandleHolder): void {
    this.#holders.delete(holder);
    this.#holders.add(holder);
    if (this.#holders.size <= readHandlesMax) return;
    for (const other of this.#holders) {
      if (other === holder || !other.letGo()) continue;
      this.#holders.delete(other);
      if (this.#holders.size <= readHandlesMax) return;
    }
  }

  /** A holder has closed its handle. */
  closed(holder: HandleHolder): void {
    this.#holders.delete(holder);
  }
}
