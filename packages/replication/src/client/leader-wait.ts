import type { Replica } from '../replica/replica.ts';

/** How long a question waits for news, and how many do: a call that waits takes the place of another. */
const waitMs = 100;
const waitersMax = 64;

/**
 * Lets who asks while nobody leads hear of the next leader as soon as this replica does, instead of asking again and again:
 * between two such questions a client would lose more time than an election takes. All who ask share one wait, so that it
 * costs one timer and one subscription. It is short, since a replica that is cut off hears of nobody: others are asked then.
 */
export class LeaderWait {
  readonly #replica: Replica;
  #count = 0;
  #news: Promise<unknown> | undefined;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** Resolves when a leader is known here, after a while at the latest, and at once where many wait already. */
  async known(): Promise<void> {
    if (this.#count >= waitersMax) return;
    this.#count++;
    this.#news ??= this.#replica.waitForLeader({ deadlineMs: waitMs }).catch(() => {});
    await this.#news;
    this.#news = undefined;
    this.#count--;
  }
}
