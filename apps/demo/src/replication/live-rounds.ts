import type { Replication } from './replication.ts';
import { type Clock, sleep } from '@quorate/core';

const operationsPerSecond = 60;
const roundMs = 15_000;
const keyCount = 60;

/**
 * What goes on after the tour: the stream, for as long as the demo stays, in rounds of 15 seconds. Each round has a history of
 * its own, which is judged when it is over, so that neither grows without end.
 */
export class LiveRounds {
  readonly #replication: Replication;
  readonly #keys: readonly string[];
  readonly #clock: Clock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(replication: Replication, keys: readonly string[], clock: Clock) {
    this.#replication = replication;
    this.#keys = keys.slice(0, keyCount);
    this.#clock = clock;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#replication.startStream(this.#keys, operationsPerSecond, signal);
      await sleep(this.#clock, roundMs, { signal }).catch(() => {});
      await this.#replication.stopStream(signal.aborted ? 0 : undefined);
      if (!signal.aborted) await this.#replication.judge('if it is bad');
    }
  }
}
