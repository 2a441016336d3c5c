import { partitionOf } from '@quorate/core';

/** How many partitions are remembered; beyond that, whoever watches lists once more. */
const partitionsMax = 10_000;

/**
 * Of which memory the revisions are that a client begins to watch from. They are plain numbers, and those of a memory that came in
 * the place of another begin anew: a number that was seen in the former one would be taken for one of the latter, and what came
 * before it there would be missed.
 */
export class KnownRevisions {
  /** Of which memory the last answer was. */
  #incarnation: string;
  /** As soon as there was more than one: the smallest revision that the present one has answered of a partition. */
  #smallest: Map<string, number> | undefined;

  constructor(incarnation: string) {
    this.#incarnation = incarnation;
  }

  /** Notes that a memory answered, and which revision of a partition, if any. */
  learn(incarnation: string, key: string, revision: number | undefined): void {
    if (incarnation !== this.#incarnation) {
      this.#incarnation = incarnation;
      this.#smallest = new Map();
    }
    const smallest = this.#smallest;
    if (smallest === undefined || revision === undefined) return;
    const partition = partitionOf(key);
    const before = smallest.get(partition);
    if (before === undefined && smallest.size >= partitionsMax) smallest.clear();
    smallest.set(partition, Math.min(revision, before ?? revision));
  }

  /** The memory that a revision is of; none where it may be of one before the present. */
  incarnationOf(key: string, revision: number): string {
    if (this.#smallest === undefined) return this.#incarnation;
    const smallest = this.#smallest.get(partitionOf(key));
    return smallest !== undefined && revision >= smallest ? this.#incarnation : '';
  }
}
