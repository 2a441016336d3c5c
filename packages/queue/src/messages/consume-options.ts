import type { WorkEvent } from '../working/work.ts';
import type { WorkSettings } from '../working/work-options.ts';
import type { Codec } from './codec.ts';
import type { Message } from './message.ts';
import type { RateOptions } from '../rate/rate.ts';

/** How a queue is consumed. */
export interface ConsumeOptions extends WorkSettings {
  /** Default: that of the queues. */
  readonly codec?: Codec;
  /** How many handlers may start in a time. */
  readonly rate?: RateOptions;
  /** Acknowledges unhandled what was handled before under another message id, or whose end was lost. */
  readonly idempotency?: IdempotencyOptions;
  readonly onEvent?: (event: WorkEvent) => void;
}

/** A state record that is written in the same commit as the acknowledgement, and looked for before each start. */
export interface IdempotencyOptions {
  /** What names the work that a message asks for. Default: its id. */
  readonly keyOf?: (message: Message) => string;
  /** For how long it is known that the work was done. */
  readonly ttlMs: number;
}
