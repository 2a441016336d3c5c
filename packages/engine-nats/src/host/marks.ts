import type { Clock, SessionId } from '@quorate/core';
import type { StreamApi } from './stream-api.ts';
import type { Subjects } from './subjects.ts';

/** For how long a mark counts as still there, ms. Whoever sweeps up behind a dead session takes its marks away. */
const markedMs = 60_000;

/** How many marks are known to be there. */
const marksMax = 10_000;

/**
 * Marks on the stream of where sessions have something: written beside the first message of a session in a partition, and before it
 * on the same connection, so that whoever finds the session dead finds what it left.
 */
export class Marks {
  readonly #api: StreamApi;
  readonly #subjects: Subjects;
  readonly #clock: Clock;
  /** When each was written, by its subject; the oldest first. */
  readonly #marked = new Map<string, number>();
  /** Those that may not have been written. */
  readonly #owed = new Set<string>();

  constructor(api: StreamApi, subjects: Subjects) {
    this.#api = api;
    this.#subjects = subjects;
    this.#clock = api.requests.clock;
  }

  /** Writes the marks that are missing, at once; settles when they are there or it has failed. */
  mark(sessions: ReadonlySet<SessionId>, token: string): Promise<void> | undefined {
    const nowMs = this.#clock.monotonicMs();
    const missing: string[] = [];
    for (const session of sessions) {
      const subject = this.#subjects.marker(session, token);
      const atMs = this.#marked.get(subject);
      if (atMs === undefined || nowMs - atMs > markedMs) missing.push(subject);
    }
    return missing.length === 0 ? undefined : this.#write(missing, nowMs);
  }

  /** Writes again what may not have been written. */
  async repair(): Promise<void> {
    if (this.#owed.size > 0) await this.#write([...this.#owed], this.#clock.monotonicMs());
  }

  async #write(subjects: readonly string[], nowMs: number): Promise<void> {
    await Promise.all(
      subjects.map(async subject => {
        this.#owed.add(subject);
        try {
          await this.#api.publish({ subject, bytes: new Uint8Array(), isRollup: true });
        } catch {
          // It is owed until it is written.
          return;
        }
        this.#owed.delete(subject);
        this.#marked.delete(subject);
        this.#marked.set(subject, nowMs);
        for (const oldest of this.#marked.keys()) {
          if (this.#marked.size <= marksMax) break;
          this.#marked.delete(oldest);
        }
      }),
    );
  }
}
