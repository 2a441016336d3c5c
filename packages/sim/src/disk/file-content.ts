import { SectorVersions } from './sector-versions.ts';

/** Pages are what content is held in: one that was never written is not there and reads as zeros. */
const pageBytes = 4096;

/** Of the writes to a sector that are not durable, how many of the newest a crash loses. */
export type SectorLoss = (sector: number, versions: SectorVersions) => number;

/** The length that a crash leaves, of the one that is durable and those that later writes gave the file. */
export type LengthChoice = (durable: number, growths: readonly Growth[]) => number;

/** A write that made the file longer and is not durable. */
export interface Growth {
  readonly sequence: number;
  readonly size: number;
}

/**
 * The bytes of one file, twice over: as programs see them, and as a power loss would leave them. The second is kept as what
 * unsynced writes replaced, sector by sector, so that a write costs what it writes and a sync what was written since the last.
 *
 * A failed sync leaves a third kind of sector: one that programs read as written and that later syncs take for clean, while the
 * medium still holds what was there before (the behaviour of Linux that PostgreSQL met as "fsyncgate", 2018; Rebello et al.,
 * "Can Applications Recover from fsync Failures?", USENIX ATC 2020).
 */
export class FileContent {
  readonly sectorBytes: number;
  #size = 0;
  #durableSize = 0;
  /** The newest write. */
  #newest = 0;
  readonly #pages = new Map<number, Uint8Array>();
  readonly #dirty = new Map<number, SectorVersions>();
  /** What the medium holds where a failed sync left it behind what programs see; undefined for zeros. */
  readonly #stale = new Map<number, Uint8Array | undefined>();
  #growths: Growth[] = [];
  /** Whether a failed sync has lost a length; whatever is synced beyond the durable one brings it up again. */
  #lengthIsBehind = false;

  /** @param sectorBytes a power of two up to 4,096 */
  constructor(sectorBytes: number) {
    this.sectorBytes = sectorBytes;
  }

  /** As programs see it. */
  get size(): number {
    return this.#size;
  }

  /** Pages that hold something: what bit rot can strike. */
  get pageIndexes(): readonly number[] {
    return [...this.#pages.keys()];
  }

  /** How many sectors a crash could still change. */
  get unsyncedSectors(): number {
    return this.#dirty.size;
  }

  /** The oldest write that is not durable; Infinity without one. */
  get oldestSequence(): number {
    let oldest = this.#growths[0]?.sequence ?? Number.POSITIVE_INFINITY;
    for (const versions of this.#dirty.values()) oldest = Math.min(oldest, versions.sequences[0] as number);
    return oldest;
  }

  /** The sectors that a write changed which is not durable, in order. */
  sectorsOf(sequence: number): readonly number[] {
    const sectors: number[] = [];
    for (const [sector, versions] of this.#dirty) {
      if (versions.sequences.includes(sequence)) sectors.push(sector);
    }
    return sectors.sort((one, other) => one - other);
  }

  /** Fills `into` from `offset` on, as programs see it; the caller keeps within the file. */
  read(into: Uint8Array, offset: number): void {
    let done = 0;
    while (done < into.length) {
      const within = (offset + done) % pageBytes;
      const count = Math.min(pageBytes - within, into.length - done);
      const page = this.#pages.get(Math.floor((offset + done) / pageBytes));
      if (page === undefined) into.fill(0, done, done + count);
      else into.set(page.subarray(within, within + count), done);
      done += count;
    }
  }

  /** Writes for programs to see; `sequence` orders the writes of a disk and is one for all parts of a write. */
  write(bytes: Uint8Array, offset: number, sequence: number): void {
    this.#newest = sequence;
    let done = 0;
    while (done < bytes.length) {
      const index = Math.floor((offset + done) / pageBytes);
      const within = (offset + done) % pageBytes;
      const count = Math.min(pageBytes - within, bytes.length - done);
      let page = this.#pages.get(index);
      this.#replace(index, page, within, within + count, sequence);
      if (page === undefined) {
        page = new Uint8Array(pageBytes);
        this.#pages.set(index, page);
      }
      page.set(bytes.subarray(done, done + count), within);
      done += count;
    }
    if (offset + bytes.length <= this.#size) return;
    this.#size = offset + bytes.length;
    // The parts of one write make the file longer in one step, so that it never ends within a sector of it.
    if (this.#growths.at(-1)?.sequence === sequence) this.#growths.pop();
    this.#growths.push({ sequence, size: this.#size });
  }

  /** Remembers what is about to be overwritten in a page. */
  #replace(index: number, page: Uint8Array | undefined, begin: number, end: number, sequence: number): void {
    const { sectorBytes } = this;
    const base = index * (pageBytes / sectorBytes);
    const first = begin - (begin % sectorBytes);
    // One copy for all sectors: each keeps its own part.
    let copy: Uint8Array | undefined;
    for (let within = first; within < end; within += sectorBytes) {
      const sector = base + within / sectorBytes;
      const versions = this.#dirty.get(sector);
      if (versions?.sequences.at(-1) === sequence) continue;
      copy ??= page?.slice(first, Math.ceil(end / sectorBytes) * sectorBytes);
      const content = copy?.subarray(within - first, within - first + sectorBytes);
      if (versions !== undefined) {
        versions.push(sequence, content);
      } else {
        const held = this.#stale.has(sector) ? this.#stale.get(sector) : content;
        this.#dirty.set(sector, new SectorVersions(sequence, held));
      }
    }
  }

  /** Everything up to `sequence` has reached the medium. */
  synced(sequence: number): void {
    if (sequence >= this.#newest && this.#stale.size === 0 && !this.#lengthIsBehind) {
      // As without faults nearly always: nothing was written meanwhile, and nothing is behind.
      this.#dirty.clear();
      this.#settleGrowths(sequence, true);
      return;
    }
    for (const [sector, versions] of this.#dirty) {
      const count = versions.countUpTo(sequence);
      if (count === 0) continue;
      this.#stale.delete(sector);
      if (this.#lengthIsBehind) this.#reach(sector);
      if (count === versions.sequences.length) this.#dirty.delete(sector);
      else versions.keep(count);
    }
    this.#settleGrowths(sequence, true);
  }

  /** A sync failed: each sector is on the medium or not, and none is written again unless somebody changes it. */
  syncFailed(sequence: number, isLost: (sector: number) => boolean, lengthIsLost: boolean): void {
    for (const [sector, versions] of this.#dirty) {
      const count = versions.countUpTo(sequence);
      if (count === 0) continue;
      const lost = isLost(sector);
      if (lost) this.#stale.set(sector, versions.contents[0]);
      else this.#stale.delete(sector);
      if (count === versions.sequences.length) this.#dirty.delete(sector);
      else if (lost) versions.lose(count);
      else versions.keep(count);
    }
    this.#settleGrowths(sequence, !lengthIsLost);
  }

  #reach(sector: number): void {
    const end = Math.min(this.#size, (sector + 1) * this.sectorBytes);
    this.#durableSize = Math.max(this.#durableSize, end);
  }

  #settleGrowths(sequence: number, durable: boolean): void {
    let count = this.#growths.length;
    while (count > 0 && (this.#growths[count - 1] as Growth).sequence > sequence) count--;
    if (count === 0) return;
    if (durable) this.#durableSize = (this.#growths[count - 1] as Growth).size;
    this.#lengthIsBehind = !durable;
    this.#growths = this.#growths.slice(count);
  }

  /** Makes the file longer, durably, with zeros in what is new. What is not synced stays so. */
  extend(size: number): void {
    this.#size = Math.max(this.#size, size);
    this.#durableSize = this.#size;
    this.#lengthIsBehind = false;
    this.#growths = [];
  }

  /** Cuts the file off, durably. What is not synced of the rest stays so. */
  truncate(size: number): void {
    this.#cut(size);
    this.#durableSize = size;
    this.#lengthIsBehind = false;
    this.#growths = [];
  }

  /** A power loss: what `loss` and `length` choose is gone, and what is left is durable. */
  crash(loss: SectorLoss, length: LengthChoice): void {
    for (const [sector, content] of this.#stale) {
      if (!this.#dirty.has(sector)) this.#restore(sector, content);
    }
    for (const [sector, versions] of this.#dirty) {
      const lost = loss(sector, versions);
      if (lost > 0) this.#restore(sector, versions.contents[versions.contents.length - lost]);
    }
    this.#dirty.clear();
    this.#stale.clear();
    const size = length(this.#durableSize, this.#growths);
    this.#growths = [];
    this.#lengthIsBehind = false;
    this.#cut(size);
    this.#durableSize = size;
  }

  /** Changes one bit of what is durable and of what programs see. */
  flipBit(page: number, bit: number): void {
    const bytes = this.#pages.get(page);
    if (bytes !== undefined) bytes[bit >>> 3] = (bytes[bit >>> 3] as number) ^ (1 << (bit & 7));
  }

  #restore(sector: number, content: Uint8Array | undefined): void {
    const offset = sector * this.sectorBytes;
    const within = offset % pageBytes;
    const page = this.#pages.get(Math.floor(offset / pageBytes));
    if (content === undefined) page?.fill(0, within, within + this.sectorBytes);
    else page?.set(content, within);
  }

  /** Forgets every byte from `size` on, in all states: a file that grows again has zeros there. */
  #cut(size: number): void {
    this.#size = size;
    const { sectorBytes } = this;
    for (const [index, page] of this.#pages) {
      if (index * pageBytes >= size) this.#pages.delete(index);
      else if ((index + 1) * pageBytes > size) page.fill(0, size - index * pageBytes);
    }
    const edge = Math.floor(size / sectorBytes);
    const kept = size % sectorBytes;
    const isGone = (sector: number): boolean => sector > edge || (sector === edge && kept === 0);
    for (const [sector, versions] of this.#dirty) {
      if (isGone(sector)) this.#dirty.delete(sector);
      else if (sector === edge) for (const content of versions.contents) content?.fill(0, kept);
    }
    for (const [sector, content] of this.#stale) {
      if (isGone(sector)) this.#stale.delete(sector);
      else if (sector === edge) content?.fill(0, kept);
    }
  }
}
