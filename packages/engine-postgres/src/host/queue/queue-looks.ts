import type { Clock } from '@quorate/core';

/** How often all of a queue is looked at, ended leases and ready messages. */
const allEndsMs = 60_000;
const allReadyMs = 1000;

/** How long a lease's own transaction may take to be seen, on the server's clock. */
const marginMs = 10_000;

/** What a look takes at least, and how often in a row, where it steps over what is dead and cannot be vacuumed. */
const slowMs = 20;
const slowMin = 3;

/** The most queues, each with lanes, of which anything is kept. */
const lookedMax = 1000;

/** Where a look may begin, on the server's clock: nothing that matters lies before. */
export interface LookFrom {
  readonly checkFromMs: number;
  readonly readyFromMs: number;
}

/** What became of a look. */
export interface Look {
  readonly tookMs: number;
  /** Up to when all ended leases were looked at. */
  readonly endedToMs: number;
  /** Where it began. */
  readonly from: LookFrom;
  /** Of its first message. */
  readonly readyAtMs: number | undefined;
}

interface Known {
  allEndsAtMs: number;
  allReadyAtMs: number;
  endedToMs: number;
  slowCount: number;
  readyAtMs: number;
}

/**
 * Where looks for messages begin. Rows that are dead stay in the indexes until no transaction could see them any more; one that is
 * left open keeps all of them, and each look would step over all that was handed out since. So ended leases are looked for from the
 * last look on, and once looks have become slow ready messages from the last one that was found on, but now and then from the start.
 */
export class QueueLooks {
  readonly #clock: Clock;
  readonly #looked = new Map<string, Known>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Each list of lanes is looked at by itself: one that is empty tells nothing of another. */
  from(queue: string, lanes?: readonly number[]): LookFrom {
    const known = this.#looked.get(nameOf(queue, lanes));
    const now = this.#clock.monotonicMs();
    if (known === undefined) return { checkFromMs: 0, readyFromMs: 0 };
    const isAllReady = known.slowCount < slowMin || now - known.allReadyAtMs >= allReadyMs;
    return {
      checkFromMs: now - known.allEndsAtMs >= allEndsMs ? 0 : Math.max(0, known.endedToMs - marginMs),
      readyFromMs: isAllReady ? 0 : known.readyAtMs,
    };
  }

  note(
    queue: string,
    lanes: readonly number[] | undefined,
    { endedToMs, tookMs, from, readyAtMs }: Look,
  ): void {
    const now = this.#clock.monotonicMs();
    const name = nameOf(queue, lanes);
    const known = this.#looked.get(name) ?? this.#begin(name, now);
    if (from.checkFromMs === 0) known.allEndsAtMs = now;
    // A clock that is set back is believed.
    known.endedToMs = endedToMs;
    known.readyAtMs = readyAtMs ?? 0;
    if (from.readyFromMs > 0) return;
    known.allReadyAtMs = now;
    known.slowCount = tookMs > slowMs ? known.slowCount + 1 : 0;
  }

  #begin(name: string, now: number): Known {
    if (this.#looked.size >= lookedMax) this.#looked.clear();
    const known = { allEndsAtMs: now, allReadyAtMs: now, endedToMs: 0, slowCount: 0, readyAtMs: 0 };
    this.#looked.set(name, known);
    return known;
  }
}

/** No queue's name holds a NUL. */
function nameOf(queue: string, lanes: readonly number[] | undefined): string {
  return lanes === undefined ? queue : `${queue}\0${lanes.join()}`;
}
