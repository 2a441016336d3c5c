import type { Clock } from '@quorate/core';
import type { KeyValueInput, KeyValueOutput, Operation } from '@quorate/sim';

type Recorded = Operation<KeyValueInput, KeyValueOutput>;

/** A write that was acknowledged. */
export interface Acknowledged {
  readonly key: string;
  readonly value: string;
  readonly version: number;
  readonly term: number;
  readonly atMs: number;
}

/** A call that is under way. What never gets an answer stays open: it may have taken effect, now or later, or never. */
export interface Call {
  answered(output: KeyValueOutput): void;
}

/**
 * What clients asked and were told, with the times of both on one monotonic clock: the evidence on which the run is judged.
 */
export class History {
  readonly #clock: Clock;
  readonly #operations: Recorded[] = [];
  readonly #acknowledged: Acknowledged[] = [];
  readonly #onAcknowledged: (write: Acknowledged) => void;
  #open = 0;

  constructor(clock: Clock, onAcknowledged: (write: Acknowledged) => void = () => {}) {
    this.#clock = clock;
    this.#onAcknowledged = onAcknowledged;
  }

  get operations(): readonly Recorded[] {
    return this.#operations;
  }

  /** In the order in which the acknowledgements arrived. */
  get acknowledged(): readonly Acknowledged[] {
    return this.#acknowledged;
  }

  /** How many calls have no answer, or have none yet. */
  get openCount(): number {
    return this.#open;
  }

  begin(process: string, input: KeyValueInput): Call {
    const at = this.#operations.length;
    const call = { process, input, invokedAt: this.#clock.monotonicMs() };
    this.#operations.push(call);
    this.#open++;
    return {
      answered: output => {
        this.#open--;
        this.#operations[at] = { ...call, output, returnedAt: this.#clock.monotonicMs() };
      },
    };
  }

  acknowledge(write: Omit<Acknowledged, 'atMs'>): void {
    const acknowledged = { ...write, atMs: this.#clock.monotonicMs() };
    this.#acknowledged.push(acknowledged);
    this.#onAcknowledged(acknowledged);
  }

  /** The last acknowledged write of each key, by version. */
  lastAcknowledged(): Map<string, Acknowledged> {
    const last = new Map<string, Acknowledged>();
    for (const write of this.#acknowledged) {
      const known = last.get(write.key);
      if (known === undefined || write.version > known.version) last.set(write.key, write);
    }
    return last;
  }
}
