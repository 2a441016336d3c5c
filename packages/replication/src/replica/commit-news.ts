import type { Clock, Timer } from '@quorate/core';
import type { Raft } from '../raft/raft.ts';

/** Whose followers are told. */
interface Committing {
  readonly options: { readonly clock: Clock };
  readonly raft: Pick<Raft, 'commitsWait' | 'last' | 'sendCommits'>;
  schedule(): void;
}

/** How long no entries have to come before followers are told for its own sake: they know what is committed within twice that. */
const waitMs = 1;

/**
 * Tells followers what is committed where no entries come after it, with which they would be told: an append for its own sake
 * with every commit would be half of all messages, and stand in the way of the answer to who wrote.
 */
export class CommitNews implements Disposable {
  readonly #replica: Committing;
  #timer: Timer | undefined;
  /** The last entry when the timer was set. */
  #last = 0;

  constructor(replica: Committing) {
    this.#replica = replica;
  }

  /** To be called after each flush. */
  look(): void {
    const { raft } = this.#replica;
    if (this.#timer !== undefined || !raft.commitsWait) return;
    this.#last = raft.last;
    this.#timer = this.#replica.options.clock.setTimer(waitMs, this.#onTimer);
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const { raft } = this.#replica;
    // Entries left meanwhile, and what was committed when the timer was set with them; what waits now is newer.
    if (raft.last > this.#last) this.look();
    else if (raft.commitsWait) {
      raft.sendCommits();
      this.#replica.schedule();
    }
  };
}
