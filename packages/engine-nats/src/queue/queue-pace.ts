/** How often a partition is written down, and how long those who follow it have to hear of it. */
export interface QueuePace {
  /** From about how many records and how many bytes it is read at most, beside its image: then it is written down. */
  readonly recordsMax: number;
  readonly bytesMin: number;
  /**
   * How long it is certain that nothing was deleted that was not read, ms, since it was last seen that no image goes further than
   * the copy. What an image has made needless is deleted twice as long after it was stored, so that it holds also where one clock
   * goes at half the rate of another.
   */
  readonly certainMs: number;
}

export const usualPace: QueuePace = { recordsMax: 8192, bytesMin: 2 ** 22, certainMs: 10_000 };
