import type { LeasedMessage, QueuePut, StateWrite } from '@quorate/core';

/** A message in a worker's hands, while its handler runs. */
export interface Delivery {
  readonly message: LeasedMessage;
  /** How often a handler has started on it, this time included. */
  readonly attempt: number;
  /** Aborts when the lease is lost, when the handler's time is over, when the work is told to end at once. Its reason says which. */
  readonly signal: AbortSignal;
}

/** What takes effect together with the end of a message. All of it lies in the partition of the message's queue. */
export interface Following {
  readonly puts?: readonly QueuePut[];
  readonly state?: readonly StateWrite[];
}

/** How a delivery ends. */
export type Ending = Following &
  (
    | { readonly type: 'acknowledge' }
    /** Comes back after `delayMs`, with these headers beside those it had. */
    | {
        readonly type: 'retry';
        readonly delayMs: number;
        readonly headers?: Readonly<Record<string, string>>;
      }
    /** To the end of another queue, as a dead letter goes. */
    | {
        readonly type: 'move';
        readonly queue: string;
        readonly headers?: Readonly<Record<string, string>>;
      }
  );

/**
 * Does what a message asks for, and says how it ends. `endAgain` is asked instead of repeating the work where a state record had
 * another version than the ending's writes were made for, and `endInstead` where the store takes no such ending.
 */
export interface DeliveryHandler {
  handle(delivery: Delivery): Promise<Ending>;
  endAgain?(delivery: Delivery, ending: Ending): Promise<Ending>;
  /** Without it, or where it rejects, the message is treated as if its handler had thrown the error. It is asked once. */
  endInstead?(delivery: Delivery, error: unknown): Promise<Ending>;
  /** Told what became of the ending. `error` says why an ending was refused. */
  onEnd?(delivery: Delivery, outcome: 'settled' | 'lost' | 'refused', error?: unknown): void;
}
