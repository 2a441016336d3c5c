import { type Clock, invariant, sleep, type WaitOptions } from '@quorate/core';
import type { Partition } from './partition.ts';
import type { PeerClient } from './peer-client.ts';
import { asProblem, Problem } from './problem.ts';

/** How fast a node takes over keys. */
export interface HandoverPace {
  /** The most keys in one page. */
  readonly pageKeysMax: number;
  /** The most bytes in one page, counted before base64. */
  readonly pageBytesMax: number;
  /** The pause between two pages of one source, which leaves the event loop to clients. */
  readonly pagePauseMs: number;
}

/** About 20,000 keys a second from each source: fast, but clients come first. */
export const defaultPace: HandoverPace = { pageKeysMax: 256, pageBytesMax: 256 * 1024, pagePauseMs: 10 };

const retryPauseMs = 50;
const pullDeadlineMs = 3000;

/**
 * The part of the handover that talks: streams page after page from every source, and pulls single keys when a client asks
 * for one that is not here yet. The rules are {@link Partition}'s.
 */
export class Handover implements Disposable {
  readonly #partition: Partition;
  readonly #peers: PeerClient;
  readonly #clock: Clock;
  readonly #pace: HandoverPace;
  readonly #stop = new AbortController();
  readonly #streaming = new Set<string>();
  readonly #pulling = new Map<string, Promise<void>>();
  pulledOnDemand = 0;
  pulledInPages = 0;

  constructor(partition: Partition, peers: PeerClient, clock: Clock, pace: HandoverPace) {
    this.#partition = partition;
    this.#peers = peers;
    this.#clock = clock;
    this.#pace = pace;
  }

  /** Streams from every source that is still open. To be called after each new view; harmless when repeated. */
  start(): void {
    for (const source of this.#partition.openSources) {
      if (this.#streaming.has(source)) continue;
      this.#streaming.add(source);
      void this.#stream(source).finally(() => this.#streaming.delete(source));
    }
  }

  /**
   * Pulls these keys from their old owner, so that they are here (or known to be nowhere) afterwards.
   *
   * Keys that somebody else is pulling already are waited for, not asked for twice.
   *
   * @throws Problem `SOURCE_UNREACHABLE` when the old owner does not answer; nothing has been done then
   */
  async pullKeys(source: string, keys: readonly string[], wait: WaitOptions): Promise<void> {
    const waits = new Set<Promise<void>>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const pulling = this.#pulling.get(key);
      if (pulling === undefined) missing.push(key);
      else waits.add(pulling);
    }
    if (missing.length > 0) {
      const pull = this.#pullMissing(source, missing, wait).finally(() => {
        for (const key of missing) this.#pulling.delete(key);
      });
      for (const key of missing) this.#pulling.set(key, pull);
      waits.add(pull);
    }
    await Promise.all(waits);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #pullMissing(source: string, keys: string[], wait: WaitOptions): Promise<void> {
    const view = this.#partition.view;
    try {
      const page = await this.#peers.pull(view.urlOf(source), view.record, { keys }, wait);
      this.#partition.takeInKeys(source, view.epoch, keys, page.entries);
      this.pulledOnDemand += page.entries.length;
    } catch (error) {
      const problem = asProblem(error);
      throw new Problem(
        503,
        'SOURCE_UNREACHABLE',
        `The key is still on its way from ${source}: ${problem.message}`,
        {
          retryable: true,
          cause: error,
        },
      );
    }
  }

  async #stream(source: string): Promise<void> {
    const { pagePauseMs } = this.#pace;
    while (!this.#stop.signal.aborted) {
      const cursor = this.#partition.cursorOf(source);
      if (cursor === undefined) return;
      const pauseMs = (await this.#pullPage(source, cursor)) ? pagePauseMs : retryPauseMs;
      await sleep(this.#clock, pauseMs, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** Whether the page arrived. A source that fails is asked again until the supervisor says that it is lost. */
  async #pullPage(source: string, cursor: number): Promise<boolean> {
    const view = this.#partition.view;
    try {
      const wait = { signal: this.#stop.signal, deadlineMs: pullDeadlineMs };
      const page = await this.#peers.pull(view.urlOf(source), view.record, { cursor }, wait);
      invariant(page.next >= cursor, `Page of ${source} went back from ${cursor} to ${page.next}`);
      this.#partition.takeIn(source, view.epoch, page);
      this.pulledInPages += page.entries.length;
      return true;
    } catch (error) {
      if (asProblem(error).code === 'INTERNAL') throw error;
      return false;
    }
  }
}
