import { type Clock, invariant, sleep, type WaitOptions } from '@quorate/core';
import type { Page } from './outbox.ts';
import type { Partition } from './partition.ts';
import type { HandoverRequest, PeerClient } from './peer-client.ts';
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
      void this.#stream(source);
    }
  }

  /**
   * Pulls these keys from their old owner, so that they are here (or known to be nowhere) afterwards.
   *
   * Keys that somebody else is pulling already are waited for, not asked for twice. A pull therefore belongs to no caller:
   * it has a deadline of its own, and goes on when whoever began it has given up.
   *
   * @throws Problem `SOURCE_UNREACHABLE` when the old owner does not answer, `DEADLINE_EXCEEDED` when the signal aborts
   * first; nothing has been done then
   */
  async pullKeys(source: string, keys: readonly string[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw tooLate();
    const waits = new Set<Promise<void>>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const pulling = this.#pulling.get(key);
      if (pulling === undefined) missing.push(key);
      else waits.add(pulling);
    }
    if (missing.length > 0) {
      const pull = this.#pullMissing(source, missing).finally(() => {
        for (const key of missing) this.#pulling.delete(key);
      });
      for (const key of missing) this.#pulling.set(key, pull);
      waits.add(pull);
    }
    await unlessAborted(Promise.all(waits), signal);
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
  }

  async #pullMissing(source: string, keys: string[]): Promise<void> {
    try {
      const { page, epoch } = await this.#pull(source, { keys }, { deadlineMs: pullDeadlineMs });
      this.#partition.takeInKeys(source, epoch, keys, page.entries);
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
      if (cursor === undefined) break;
      const pauseMs = (await this.#pullPage(source, cursor)) ? pagePauseMs : retryPauseMs;
      await sleep(this.#clock, pauseMs, { signal: this.#stop.signal }).catch(() => {});
    }
    // In the turn that found nothing left, so that no view in between can take this stream for a running one.
    this.#streaming.delete(source);
  }

  /** Whether the page arrived. A source that fails is asked again until the supervisor says that it is lost. */
  async #pullPage(source: string, cursor: number): Promise<boolean> {
    try {
      const wait = { signal: this.#stop.signal, deadlineMs: pullDeadlineMs };
      const { page, epoch } = await this.#pull(source, { cursor }, wait);
      invariant(page.next >= cursor, `Page of ${source} went back from ${cursor} to ${page.next}`);
      this.#partition.takeIn(source, epoch, page);
      this.pulledInPages += page.entries.length;
      return true;
    } catch (error) {
      if (asProblem(error).code === 'INTERNAL') throw error;
      return false;
    }
  }

  /** What a source has, and the epoch in which it was asked. */
  async #pull(
    source: string,
    request: HandoverRequest,
    wait: WaitOptions,
  ): Promise<{ page: Page; epoch: number }> {
    const { view } = this.#partition;
    const page = await this.#peers.pull(view.urlOf(source), view.record, request, wait);
    return { page, epoch: view.epoch };
  }
}

/** Waits for work that others may wait for, too: it goes on when the signal aborts. @throws Problem `DEADLINE_EXCEEDED` */
async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(tooLate());
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function tooLate(): Problem {
  return new Problem(504, 'DEADLINE_EXCEEDED', 'The key was still on its way when the deadline passed', {
    retryable: true,
  });
}
