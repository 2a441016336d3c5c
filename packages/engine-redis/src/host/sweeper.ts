import { type Clock, type SessionId, type Timer } from '@quorate/core';
import type { RedisKeys } from '../redis-keys.ts';
import type { Script } from '../scripts/script.ts';
import { deadSessionsScript, sweepScript, sweptScript } from '../scripts/session-scripts.ts';
import type { Reply } from './redis-client.ts';
import type { ScriptRunner } from './script-runner.ts';

/** How much one turn does: sessions, partitions of each, entries that one script looks at. */
const sessionsMax = 64;
const partitionsMax = 256;
const entriesMax = 500;

export interface SweeperOptions {
  readonly runner: ScriptRunner;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  readonly sweepMs: number;
}

/**
 * Clears away what dead sessions left. Any client does it for all, now and then: none of them need know of the others, since what is
 * swept twice is swept once.
 */
export class Sweeper implements AsyncDisposable {
  readonly #options: SweeperOptions;
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isDue = false;
  /** How many dead sessions are passed over, so that those that cannot be swept keep nobody from sweeping the rest. */
  #passed = 0;
  #isClosed = false;

  constructor(options: SweeperOptions) {
    this.#options = options;
    this.#arm();
  }

  /** Sweeps as soon as what is under way is done. */
  sweepSoon(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    this.#turn = this.#turn.then(async () => {
      this.#isDue = false;
      // What could not be swept now is found again the next time, by whoever comes first.
      if (!this.#isClosed) await this.#sweepAll().catch(() => {});
    });
  }

  /** Ends a session and sweeps after it. Its record stays until its deadline, and is swept again then. */
  async sweepEnded(session: SessionId, endScript: Script): Promise<void> {
    const { runner, keys } = this.#options;
    const partitions = texts(await runner.run(endScript, keys.sessions, session, partitionsMax));
    await Promise.all(partitions.map(partition => this.sweep(partition, [session], false)));
  }

  /** Deletes what dead sessions left in a partition. Where requests of theirs may be under way, they are known there as dead. */
  async sweep(partition: string, sessions: readonly string[], isLast: boolean): Promise<void> {
    const { runner, keys } = this.#options;
    let from = '-inf';
    let count = entriesMax;
    for (;;) {
      const next = await runner.run(
        sweepScript,
        keys.named(partition),
        from,
        count,
        isLast ? 1 : 0,
        ...sessions,
      );
      if (!Buffer.isBuffer(next)) return;
      // More entries than fit a page were made at one revision.
      if (next.toString() === from) count *= 2;
      from = next.toString();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimer(this.#options.sweepMs, () => {
      this.sweepSoon();
      this.#arm();
    });
    this.#timer.unref();
  }

  async #sweepAll(): Promise<void> {
    const { runner, keys } = this.#options;
    const dead = await runner.run(
      deadSessionsScript,
      keys.sessions,
      sessionsMax,
      partitionsMax,
      this.#passed,
    );
    const swept = (dead as readonly Reply[]).map(texts);
    const byPartition = new Map<string, string[]>();
    for (const [session, ...partitions] of swept) {
      for (const partition of partitions) {
        const sessions = byPartition.get(partition) ?? [];
        byPartition.set(partition, [...sessions, session as string]);
      }
    }
    const failed = new Set<string>();
    for (const [partition, sessions] of byPartition) {
      // One that cannot be swept, as where its key is something else, keeps nobody from sweeping the rest.
      await this.sweep(partition, sessions, true).catch(() => failed.add(partition));
    }
    for (const [session, ...partitions] of swept) {
      const done = partitions.filter(partition => !failed.has(partition));
      await runner.run(sweptScript, keys.sessions, session as string, ...done);
    }
    const stuck = swept.filter(([, ...partitions]) => partitions.some(partition => failed.has(partition)));
    this.#passed = swept.length < sessionsMax ? 0 : this.#passed + stuck.length;
    const isMore = swept.length === sessionsMax || swept.some(({ length }) => length > partitionsMax);
    if (isMore && failed.size === 0) this.sweepSoon();
  }
}

function texts(reply: Reply): string[] {
  return (reply as readonly Buffer[]).map(text => text.toString());
}
