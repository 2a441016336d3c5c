import type { Dice } from '../device.ts';
import { type FileContent, type LengthChoice, type SectorLoss } from './file-content.ts';
import { FileNames } from './file-names.ts';

/** What a simulated disk is like. */
export interface SimDiskShape {
  /** What a power loss tears apart: a power of two up to 4,096. Default 512. */
  readonly sectorBytes?: number;
  /** Default no limit. Files take whole pages of 4,096 bytes. */
  readonly capacityBytes?: number;
}

/** How hard a crash is on what was not synced, and on what was. */
export interface DiskCrashOptions {
  /** How likely each sector goes its own way, rather than all of them together or in order. Default 0.05. */
  readonly tornChance?: number;
  /** How likely a bit of what is durable has changed when the node comes back. Default 0. */
  readonly rotChance?: number;
}

const roomBytes = 4096;

/**
 * What outlives a node's crashes: its files, as far as they are durable, and what a crash may still take.
 *
 * What a crash does, by draws whose harmless answer is that nothing is lost (as where a process dies and the machine lives on):
 * - Writes that were not synced: all survive, none does, or those before some moment do and of the next its first sectors;
 *   or each sector for itself goes back to any of the states it had since it was durable, and the length to any it had.
 * - Names: creations, renames and removals that were not synced are undone from the newest back. ext4 and XFS write them to
 *   their journal in order, so one never survives without those before it. Syncing a file does not make its name durable,
 *   which ext4 often does and POSIX does not promise.
 * - Allocations and truncations in flight have happened or not.
 * - What a failed sync lost is found out: see {@link FileContent}.
 * - One bit of what is durable may change.
 */
export class SimDiskState {
  readonly sectorBytes: number;
  /** May be changed at any time; what is already written stays. */
  capacityBytes: number;
  /** While true no file finds more room, whatever the capacity. */
  full = false;
  readonly names: FileNames<FileContent> = new FileNames();
  /** Removed files that somebody still reads; they take room. How often each is open. */
  readonly openCounts: Map<FileContent, number> = new Map();
  /** Allocations and truncations that have begun: what each of them does. */
  readonly inFlight: Set<() => unknown> = new Set();
  /** Whether somebody holds the folder; a crash frees it. */
  owner: string | undefined;
  #sequence = 0;

  constructor(shape: SimDiskShape = {}) {
    const { sectorBytes = 512, capacityBytes = Number.POSITIVE_INFINITY } = shape;
    if (!Number.isInteger(Math.log2(sectorBytes)) || sectorBytes < 1 || sectorBytes > 4096) {
      throw new RangeError(`Sector bytes must be a power of two up to 4096: received ${sectorBytes}`);
    }
    if (!(capacityBytes >= 0)) {
      throw new RangeError(`Capacity in bytes must be a number of at least 0: received ${capacityBytes}`);
    }
    this.sectorBytes = sectorBytes;
    this.capacityBytes = capacityBytes;
  }

  /** Of the newest write on this disk. */
  get sequence(): number {
    return this.#sequence;
  }

  nextSequence(): number {
    return ++this.#sequence;
  }

  /** The length up to which `content` may grow, at most `size`: what it has, and the pages that are left. */
  sizeWithRoom(content: FileContent, size: number): number {
    if (!this.full && this.capacityBytes === Number.POSITIVE_INFINITY) return size;
    const own = pagesOf(content.size);
    if (pagesOf(size) <= own) return size;
    if (this.full) return own * roomBytes;
    const free = Math.floor(this.capacityBytes / roomBytes) - this.#usedPages();
    return Math.min(size, (own + Math.max(0, free)) * roomBytes);
  }

  #usedPages(): number {
    const contents = new Set(this.openCounts.keys());
    for (const content of this.names.current.values()) contents.add(content);
    let pages = 0;
    for (const content of contents) pages += pagesOf(content.size);
    return pages;
  }

  /** The power fails while the node goes down. Its disk is idle afterwards, and all that it holds is durable. */
  crash(dice: Dice, options: DiskCrashOptions = {}): void {
    const { tornChance = 0.05, rotChance = 0 } = options;
    for (const apply of this.inFlight) {
      if (!dice.chance('disk.crash-undoes', 0.5)) apply();
    }
    this.inFlight.clear();
    this.openCounts.clear();
    this.owner = undefined;
    const changes = this.names.unsyncedCount;
    if (changes > 0) this.names.crash(dice.between('disk.crash-names', 0, changes));
    this.#crashContents(dice, tornChance);
    if (rotChance > 0 && dice.chance('disk.rot', rotChance)) this.#rot(dice);
  }

  #crashContents(dice: Dice, tornChance: number): void {
    const contents = [...this.names.current.values()];
    const oldest = contents.reduce(
      (least, content) => Math.min(least, content.oldestSequence),
      Number.POSITIVE_INFINITY,
    );
    if (oldest === Number.POSITIVE_INFINITY) {
      for (const content of contents)
        content.crash(
          () => 0,
          durable => durable,
        );
      return;
    }
    // Drawn in any case, so that taking one of them away leaves the others what they were.
    const isTorn = dice.chance('disk.crash-torn', tornChance);
    const order = dice.between('disk.crash-order', 0, 2);
    const writes = this.#sequence - oldest + 1;
    const lostWrites = dice.between('disk.crash-writes', 0, writes);
    const lost = order === 0 ? 0 : order === 1 ? writes : lostWrites;
    const torn = this.#sequence - lost + 1;
    const sectors = contents.flatMap(content => content.sectorsOf(torn));
    const lostSectors = dice.between('disk.crash-sectors', 0, sectors.length);
    const edge = order === 1 ? 0 : (sectors[sectors.length - lostSectors] ?? Number.POSITIVE_INFINITY);
    for (const content of contents) {
      if (isTorn) content.crash(anySector(dice), anyLength(dice, this.sectorBytes));
      else content.crash(sectorsBefore(torn, edge), lengthBefore(torn, edge * this.sectorBytes));
    }
  }

  #rot(dice: Dice): void {
    const contents = [...this.names.current.values()].filter(content => content.pageIndexes.length > 0);
    if (contents.length === 0) return;
    const content = contents[dice.between('disk.rot-file', 0, contents.length - 1)] as FileContent;
    const pages = content.pageIndexes;
    const page = pages[dice.between('disk.rot-page', 0, pages.length - 1)] as number;
    const bytes = Math.min(roomBytes, content.size - page * roomBytes);
    content.flipBit(page, dice.between('disk.rot-bit', 0, bytes * 8 - 1));
  }
}

function pagesOf(size: number): number {
  return Math.ceil(size / roomBytes);
}

/** Every write before `torn` survives, and of that one what lies before the sector `edge`. */
function sectorsBefore(torn: number, edge: number): SectorLoss {
  return (sector, versions) =>
    versions.sequences.length - versions.countUpTo(sector < edge ? torn : torn - 1);
}

/** The length that goes with it: the torn write has made the file longer as far as it survives. */
function lengthBefore(torn: number, edgeBytes: number): LengthChoice {
  return (durable, growths) => {
    const size = growths.filter(growth => growth.sequence < torn).at(-1)?.size ?? durable;
    const next = growths.find(growth => growth.sequence === torn);
    return next === undefined ? size : Math.max(size, Math.min(next.size, edgeBytes));
  };
}

/** Each sector goes back to any state it had. */
function anySector(dice: Dice): SectorLoss {
  return (_sector, versions) => dice.between('disk.crash-sector', 0, versions.sequences.length);
}

/** The length goes back to any it had, or to the end of a sector on its way to the next. */
function anyLength(dice: Dice, sectorBytes: number): LengthChoice {
  return (durable, growths) => {
    if (growths.length === 0) return durable;
    const kept = growths.length - dice.between('disk.crash-length', 0, growths.length);
    const size = growths[kept - 1]?.size ?? durable;
    const next = growths[kept];
    if (next === undefined) return size;
    const sectors = Math.ceil(next.size / sectorBytes) - Math.ceil(size / sectorBytes);
    const further = sectors > 0 ? dice.between('disk.crash-length-sectors', 0, sectors - 1) : 0;
    return further === 0
      ? size
      : Math.min(next.size, (Math.ceil(size / sectorBytes) + further) * sectorBytes);
  };
}
