import type { Clock, Timer } from '@quorate/core';
import type { Raft } from '../raft/raft.ts';

/** Whose followers are told. */
interface Committing {
  readonly options: { readonly clock: Clock };
  readonly raft: Pick<Raft, 'commitsWait' | 'committed' | 'sendCommits'>;
  schedule(): void;
}

/** How long nothing has to be committed anew before followers are told for its own sake. */
const waitMs = 1;

/**
 * Tells followers what is committed where no entries come after it, with which they would be told: an append for its own sake
 * with every commit would be half of all messages, and stand in the way of the answer to who wrote.
 */
export class CommitNews implements Disposable {
  readonly #replica: Committing;
  #timer: Timer | undefined;
  /** What was committed when the timer was set. */
  #committed = 0;

  constructor(replica: Committing) {
    this.#replica = replica;
  }

  /** To be called after each flush. */
  look(): void {
    const { raft } = this.#replica;
    if (this.#timer !== undefined || !raft.commitsWait) return;
    this.#committed = raft.committed;
    this.#timer = this.#replica.options.clock.setTimer(waitMs, this.#onTimer);
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel();
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const { raft } = this.#replica;
    // Commits go on, and leave with the entries behind them; while none come, the next heartbeat tells at the latest.
    if (raft.committed > this.#committed) this.look();
    else if (raft.commitsWait) {
      raft.sendCommits();
      this.#replica.schedule();
    }
  };
}
