/** What a queue tells of itself; each figure was true for a moment, and not all at the same. */
export interface ThreadQueueReport {
  readonly name: string;
  readonly capacity: number;
  readonly messageBytes: number;
  readonly isClosed: boolean;
  /** Messages that can be taken. */
  readonly ready: number;
  /** Slots in which a message is being written, those of dead producers that nobody has passed yet included. */
  readonly claimed: number;
  /** Messages that consumers have. */
  readonly leased: number;
  /** How often a message was given again, after a death or because it was given back. Modulo 2^32. */
  readonly redelivered: number;
  /** How many slots were passed without a message: producers that died, threw or came too late. Modulo 2^32. */
  readonly voided: number;
}
