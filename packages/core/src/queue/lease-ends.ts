import { MostlyOrdered } from './mostly-ordered.ts';
import type { Lease } from './queued-message.ts';

/** With fewer left behind than this it is not worth moving anything. */
const overMin = 64;

/**
 * When leases end. One that is over before its time is left behind and passed over, half of them at most; one that was extended is
 * found when its former end comes.
 */
export class LeaseEnds {
  readonly #leases = new MostlyOrdered<Lease>((one, other) => one.lookAtMs < other.lookAtMs);
  /** How many messages are leased. */
  count = 0;

  add(lease: Lease): void {
    this.#leases.add(lease);
    if (this.#leases.size > 2 * this.count + overMin) this.#leases.keep(isLeased);
  }

  /** When to look again. */
  get nextAtMs(): number {
    return this.#leases.first()?.lookAtMs ?? Number.POSITIVE_INFINITY;
  }

  /** Takes out one that has ended and whose message nobody has settled. */
  takeEnded(nowMs: number): Lease | undefined {
    for (let lease = this.#leases.first(); lease !== undefined; lease = this.#leases.first()) {
      const isHeld = isLeased(lease);
      if (isHeld && lease.lookAtMs > nowMs) return undefined;
      this.#leases.takeFirst();
      if (!isHeld) continue;
      if (lease.untilMs <= nowMs) return lease;
      lease.lookAtMs = lease.untilMs;
      this.#leases.add(lease);
    }
    return undefined;
  }
}

/** Whether it is the last of its message, and goes on. */
function isLeased(lease: Lease): boolean {
  return lease.message.where === 'leased' && lease.message.lease === lease;
}
