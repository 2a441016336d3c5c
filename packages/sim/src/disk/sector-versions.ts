/**
 * What one sector of a file held before each write that is not durable: everything that a power loss may leave of it.
 *
 * A page cache writes a sector back whole, as it stands at some moment. So what a crash leaves is one of the states that the
 * sector went through since it was last durable, never a later write without an earlier one to the same sector.
 */
export class SectorVersions {
  /** The writes that are not durable, oldest first. */
  readonly sequences: number[];
  /** What stood there before each of them; undefined for zeros. The first is what the medium holds. */
  readonly contents: (Uint8Array | undefined)[];

  /** States that may still be told apart. Past that one in the middle is forgotten, so that a sector's memory is bounded. */
  static readonly countMax = 32;

  constructor(sequence: number, content: Uint8Array | undefined) {
    this.sequences = [sequence];
    this.contents = [content];
  }

  /** Notes that `sequence` is about to change a sector that holds `content`. */
  push(sequence: number, content: Uint8Array | undefined): void {
    this.sequences.push(sequence);
    this.contents.push(content);
    if (this.sequences.length <= SectorVersions.countMax) return;
    this.sequences.shift();
    this.contents.splice(1, 1);
  }

  /** How many of the writes came no later than `sequence`. */
  countUpTo(sequence: number): number {
    let count = this.sequences.length;
    while (count > 0 && (this.sequences[count - 1] as number) > sequence) count--;
    return count;
  }

  /** The first `count` writes have reached the medium. */
  keep(count: number): void {
    this.sequences.splice(0, count);
    this.contents.splice(0, count);
  }

  /** The first `count` writes never reach the medium; a later one to the sector takes them along. */
  lose(count: number): void {
    this.sequences.splice(0, count);
    this.contents.splice(1, count);
  }
}
