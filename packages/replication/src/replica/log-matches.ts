import type { RaftStatus } from '../raft/raft-status.ts';
import type { Matches } from './write-book.ts';

/** {@link Matches} of a leader, read once for a turn however many writes ask. */
export class LogMatches implements Matches {
  readonly #status: () => RaftStatus;
  #known: RaftStatus | undefined;
  /** Of all members but this one, the furthest first. */
  #others: number[] = [];

  constructor(status: () => RaftStatus) {
    this.#status = status;
  }

  /** What was read is not believed any more. */
  forget(): void {
    this.#known = undefined;
  }

  countAt(index: number): number {
    const { progress, role, membership } = this.#read();
    // Elsewhere nobody knows who has it; that it is committed says that a majority does.
    if (role !== 'leader') return Math.floor(membership.voters.length / 2) + 1;
    let count = 0;
    for (const { match } of progress) if (match >= index) count++;
    return count;
  }

  othersAt(count: number): number {
    this.#read();
    return this.#others[count - 1] ?? 0;
  }

  allVoters(): number {
    const { progress, role } = this.#read();
    if (role !== 'leader') return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const { match, learner } of progress) if (!learner && match < least) least = match;
    return least;
  }

  #read(): RaftStatus {
    if (this.#known !== undefined) return this.#known;
    const status = this.#status();
    this.#known = status;
    this.#others = status.progress.filter(({ id }) => id !== status.id).map(({ match }) => match);
    this.#others.sort((a, b) => b - a);
    return status;
  }
}
