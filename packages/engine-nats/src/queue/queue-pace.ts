/** How often a partition is written down, and how long those who follow it have to hear of it. */
export interface QueuePace {
  /** It is written down when so much has come since it last was, or twice as much as that took, whichever is more. */
  readonly bytesMin: number;
  /**
   * How long it is certain that nothing was deleted that was not read, ms, since it was last seen that no image goes further than
   * the copy; by the monotonic and by the wall clock, for the first stands still while a machine is suspended. What an image has
   * made needless is deleted twice as long after it was stored, so that it holds also where one clock goes at half the rate of
   * another.
   */
  readonly certainMs: number;
}

export const usualPace: QueuePace = { bytesMin: 2 ** 22, certainMs: 10_000 };
