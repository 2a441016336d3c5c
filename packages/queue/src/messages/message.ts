import type { FencingToken, MessageId, WaitOptions } from '@quorate/core';
import type { Following } from '../working/ending.ts';

/**
 * What became of an end. `lost`: another had the message by then, or may have; or the end took effect, its answer was lost, and it
 * was said again.
 */
export type EndOutcome = 'settled' | 'lost';

/**
 * A message in a consumer's hands. Its first end counts.
 *
 * What is awaited of an end is that it is settled. Who gives that up (`ABORTED`, `DEADLINE_EXCEEDED`, outcome `unknown`) takes nothing
 * back: it is settled all the same. A wait that was over before the call says nothing (`not-applied`).
 */
export interface Message<Body = unknown> {
  readonly id: MessageId;
  readonly queue: string;
  readonly body: Body;
  /** Names that begin with `~` are this package's. */
  readonly headers: Readonly<Record<string, string>>;
  readonly lane: number;
  readonly key: string | undefined;
  /** Grows with every delivery: what the handler writes to can refuse whoever comes with an older one. */
  readonly token: FencingToken;
  /** How often a handler was started on it, this time included. */
  readonly attempt: number;
  /** How often it was handed out, started or not. */
  readonly deliveryCount: number;
  /** When it was put into this queue, on the engine's clock. */
  readonly sentAtMs: number;
  /** Aborts when the lease is lost or the work is told to end at once; its reason says which. */
  readonly signal: AbortSignal;

  /** It is done, together with what follows from it, in one commit. */
  ack(following?: Following, options?: WaitOptions): Promise<EndOutcome>;
  /** It comes back. Default: after the delay that the retry policy says. */
  retry(options?: RetryOptions): Promise<EndOutcome>;
  /** It goes to the dead letters. */
  deadLetter(reason?: unknown, options?: WaitOptions): Promise<EndOutcome>;
}

export interface RetryOptions extends WaitOptions {
  readonly delayMs?: number;
  /** Added to those it has. */
  readonly headers?: Readonly<Record<string, string>>;
}
