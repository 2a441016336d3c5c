import type { Clock, Random, SessionId, Timer } from '@quorate/core';
import type { Marks } from './marks.ts';
import type { Partitions } from './partitions.ts';
import type { Sessions } from './sessions.ts';
import type { StreamApi } from './stream-api.ts';
import { lastToken, type Subjects } from './subjects.ts';

/** How often it looks, ms, about. */
const lookMs = 5000;
const lookMinMs = 250;

/** How much it does in one turn. */
const sessionsPerTurn = 256;
const sweepsPerTurn = 32;
const partitionsPerTurn = 64;
const partitionsAtOnce = 16;

/** Partitions are looked at in one of so many turns, and forgotten once they were empty for so long. */
const turnsPerForgetting = 12;
const emptyMs = 3_600_000;

/** How many entries one message deletes. */
const deletesPerMessage = 64;

export interface JanitorOptions {
  readonly api: StreamApi;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly sessions: Sessions;
  readonly partitions: Partitions;
  readonly marks: Marks;
}

/**
 * Cleans up, in every client that is open: ends sessions that are not renewed, deletes what dead ones left, forgets partitions that
 * hold nothing. Clients that do the same at once do no harm, and each does little at a time, in an order of its own.
 */
export class Janitor {
  readonly #options: JanitorOptions;
  readonly #sweeps = new Map<SessionId, Promise<void>>();
  #timer: Timer | undefined;
  #isClosed = false;
  #turn = 0;

  constructor(options: JanitorOptions) {
    this.#options = options;
    this.#later(lookMs);
  }

  /** Deletes what a dead session left in all partitions, and forgets it. */
  sweep(session: SessionId): Promise<void> {
    const running =
      this.#sweeps.get(session) ?? this.#sweep(session).finally(() => this.#sweeps.delete(session));
    this.#sweeps.set(session, running);
    return running;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #later(delayMs: number): void {
    if (this.#isClosed) return;
    const { clock, random } = this.#options;
    this.#timer = clock.setTimer(delayMs * (0.5 + random.float()), () => {
      this.#look().then(
        nextMs => this.#later(nextMs),
        () => this.#later(lookMs),
      );
    });
    this.#timer.unref();
  }

  /** One turn; gives how long to rest. */
  async #look(): Promise<number> {
    const { api, subjects, sessions, marks, clock } = this.#options;
    await marks.repair();
    // The marks first: a session was opened before anything was marked of it.
    const marked = new Set((await api.subjects(subjects.markersOf('*'))).map(sessionOfMarker));
    const open = (await api.subjects(subjects.sessions)).map(subject => lastToken(subject) as SessionId);
    for (const session of open) marked.delete(session);
    const swept = await this.#each(this.#some([...marked], sweepsPerTurn), async session => {
      // A long list is not of one moment: a session that is not on it may still live.
      if ((await sessions.look(session)) === undefined) await this.sweep(session);
    });
    const nowMs = clock.monotonicMs();
    const due = open.filter(session => !sessions.isOwn(session) && (sessions.dueMs(session) ?? 0) <= nowMs);
    await this.#each(this.#some(due, sessionsPerTurn), session => sessions.look(session));
    if (++this.#turn % turnsPerForgetting === 0 && (await this.#forget())) this.#turn--;
    if (due.length > sessionsPerTurn || (marked.size > sweepsPerTurn && swept > 0)) return lookMinMs;
    let nextMs = clock.monotonicMs() + lookMs;
    for (const session of open) nextMs = Math.min(nextMs, sessions.dueMs(session) ?? nextMs);
    return Math.max(lookMinMs, nextMs - clock.monotonicMs());
  }

  async #sweep(session: SessionId): Promise<void> {
    const { api, subjects, partitions } = this.#options;
    for (const subject of await api.subjects(subjects.markersOf(session))) {
      const partition = partitions.of(lastToken(subject));
      while (!(await partition.call(draft => draft.end(session, deletesPerMessage), undefined))) {
        if (this.#isClosed) return;
      }
      await api.purge(subject);
    }
  }

  /** Forgets partitions that have been empty for long, so that the server need not keep their names; says whether there may be more. */
  async #forget(): Promise<boolean> {
    const { api, subjects, partitions, clock } = this.#options;
    const some = this.#some(await api.subjects(subjects.partitions), partitionsPerTurn);
    let forgotten = 0;
    for (let first = 0; first < some.length; first += partitionsAtOnce) {
      await this.#each(some.slice(first, first + partitionsAtOnce), async subject => {
        const last = await api.lastOf(subject);
        if (last === undefined || clock.wallMs() - last.wallMs < emptyMs) return;
        if (await partitions.of(lastToken(subject)).forget()) forgotten++;
      });
    }
    return forgotten > partitionsPerTurn / 2;
  }

  /** Does it with each, and gives with how many it went well: the others are found again, and keep nothing else from being done. */
  async #each<Item>(items: readonly Item[], act: (item: Item) => Promise<unknown>): Promise<number> {
    const results = await Promise.allSettled(items.map(act));
    return results.filter(({ status }) => status === 'fulfilled').length;
  }

  /** Some of them, at random. */
  #some<Item>(items: readonly Item[], count: number): readonly Item[] {
    if (items.length <= count) return items;
    const first = this.#options.random.below(items.length);
    return [...items.slice(first), ...items.slice(0, first)].slice(0, count);
  }
}

function sessionOfMarker(subject: string): SessionId {
  const end = subject.lastIndexOf('.');
  return subject.slice(subject.lastIndexOf('.', end - 1) + 1, end) as SessionId;
}
