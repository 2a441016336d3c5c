import type { LeasedMessage, LeaseHandle } from '@quorate/core';
import { sequenceOf } from './message-name.ts';

/** How many leases are remembered: those that nobody settles here would stay for ever. */
const leasesMax = 50_000;

interface KnownSequence {
  readonly queue: string;
  readonly id: string;
  readonly sequence: number;
}

/**
 * The sequences of messages that were leased here, so that those whose ids their senders chose are named by sequence as well, which
 * spares the server a look into a table for each.
 */
export class KnownSequences {
  readonly #byToken = new Map<bigint, KnownSequence>();

  /** Remembers a lease, unless the id says it all. The one that is forgotten for it is the oldest. */
  add({ queue, id, token }: LeasedMessage, sequence: number): void {
    if (sequenceOf(id) === sequence) return;
    if (this.#byToken.size >= leasesMax) this.#byToken.delete(this.#byToken.keys().next().value as bigint);
    this.#byToken.set(token, { queue, id, sequence });
  }

  /** Tokens of different partitions may be alike: what another stands for, or has been forgotten for, is named by its id. */
  of({ queue, id, token }: LeaseHandle): number | undefined {
    const known = this.#byToken.get(token);
    return known?.id === id && known.queue === queue ? known.sequence : sequenceOf(id);
  }

  /** The same, and forgets it. */
  take(lease: LeaseHandle): number | undefined {
    const sequence = this.of(lease);
    this.#byToken.delete(lease.token);
    return sequence;
  }
}
