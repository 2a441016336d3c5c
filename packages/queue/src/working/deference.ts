import type { Clock, Random } from '@quorate/core';

/** Says when a work lets others look for messages before it does. */
export interface Deference {
  /** How long to rest before it looks again, where nothing was found the last time, ms; undefined where nobody is to come first. */
  restMs(): number | undefined;
}

/** For how long others come first after this work last met what it has to leave to them, ms: several workers meet it in turn, each now and then. */
const deferMs = 600_000;

/** How long it lets others look before it does, ms: some time between the two. */
const restMinMs = 50;
const restMaxMs = 150;

/**
 * Lets other workers look first while there are messages that this one can only put back. All who wait look as soon as such a message
 * is ready, and whoever is nearest to the store would have it each time: if that is a worker that does not know it, it would hold the
 * message back for as long as it has nothing else to do.
 */
export class StrangerDeference implements Deference {
  readonly #clock: Clock;
  readonly #random: Random;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** A message was met that is left to others. */
  begin(): void {
    this.#untilMs = this.#clock.monotonicMs() + deferMs;
  }

  restMs(): number | undefined {
    if (this.#clock.monotonicMs() >= this.#untilMs) return undefined;
    return restMinMs + this.#random.float() * (restMaxMs - restMinMs);
  }
}
