import type { QuorateError } from '@quorate/core';
import { Wait } from './wait.ts';
import type { WriteReceipt } from './write-options.ts';

/** What a write waits for. */
export type Awaited = 'leader' | 'semiSync' | 'quorum' | 'all';

/** One call that waits for an entry. */
export class PendingWrite extends Wait<WriteReceipt> {
  readonly awaits: Awaited;
  /** Of `semiSync`: how many replicas beside the leader. */
  readonly others: number;
  /** 0 until it has a place in the log. */
  index = 0;
  term = 0;
  /** What the state machine answered, while all logs are waited for. */
  reply: Uint8Array | undefined;

  constructor(
    awaits: Awaited,
    others: number,
    resolve: (receipt: WriteReceipt) => void,
    reject: (error: QuorateError) => void,
  ) {
    super(resolve, reject);
    this.awaits = awaits;
    this.others = others;
  }
}
