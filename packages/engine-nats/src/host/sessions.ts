import { type Clock, type Random, type SessionId, sessionId } from '@quorate/core';
import { unavailable } from '../unavailable.ts';
import type { SessionEnds } from './session-ends.ts';
import type { StoredMessage, StreamApi } from './stream-api.ts';
import { isOurs, type Subjects } from './subjects.ts';

export interface SessionsOptions {
  readonly api: StreamApi;
  readonly subjects: Subjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly ends: SessionEnds;
  /** Told of each session that this client has ended, its own or another's. */
  readonly onDead: (session: SessionId) => void;
}

/** A session of another client, as it was last seen. */
interface Sighting {
  /** Of its last renewal. */
  readonly sequence: number;
  /** When this client has first seen that renewal, on its own monotonic clock. */
  readonly seenMs: number;
  readonly ttlMs: number;
}

/** How often an answer that something else was there is followed up before it counts as a failure. */
const attemptsMax = 5;

/** How many dead sessions are kept in mind, and how many that were seen alive. */
const deadMax = 1000;
const sightingsMax = 10_000;

/**
 * Sessions, each a subject with one message: its last renewal. Opening, renewing and ending say which message they replace, so
 * that a session that somebody has ended cannot be renewed, and one that was renewed cannot be ended by who has not seen it.
 *
 * No clock is compared with another: an observer ends a session whose renewal has stayed the same for its whole time to live on
 * the observer's own monotonic clock, counted from when it had seen that renewal.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  /** Number of the last renewal of those that were opened here. */
  readonly #own = new Map<SessionId, { sequence: number; readonly ttlMs: number }>();
  readonly #dead = new Set<SessionId>();
  readonly #sightings = new Map<SessionId, Sighting>();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  get hasOwn(): boolean {
    return this.#own.size > 0;
  }

  isOwn(session: SessionId): boolean {
    return this.#own.has(session);
  }

  /** Whether it is known, without asking, to be dead. */
  isDead(session: SessionId): boolean {
    return !isOurs(session) || this.#dead.has(session);
  }

  /** When it will have been seen for long enough, on the monotonic clock; undefined where it was not seen. */
  dueMs(session: SessionId): number | undefined {
    const sighting = this.#sightings.get(session);
    return sighting && sighting.seenMs + graceMs(sighting.ttlMs);
  }

  async open(ttlMs: number): Promise<SessionId> {
    const { api, subjects, random } = this.#options;
    const session = sessionId(Buffer.from(random.bytes(16)).toString('base64url'));
    await api.requests.ready();
    const sequence = await api.publish({
      subject: subjects.session(session),
      bytes: Buffer.from(JSON.stringify({ ttlMs })),
      expected: 0,
      isRollup: true,
    });
    if (sequence === undefined) throw unavailable('The id of the session was taken', false);
    this.#own.set(session, { sequence, ttlMs });
    return session;
  }

  /** False where it is dead. */
  async renew(session: SessionId): Promise<boolean> {
    const { api, subjects } = this.#options;
    const subject = subjects.session(session);
    await api.requests.ready();
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const own = this.#own.get(session);
      if (own === undefined) return false;
      const bytes = Buffer.from(JSON.stringify({ ttlMs: own.ttlMs }));
      const sequence = await api.publish({ subject, bytes, expected: own.sequence, isRollup: true });
      if (sequence !== undefined) {
        own.sequence = Math.max(own.sequence, sequence);
        return true;
      }
      // An earlier renewal of its own whose answer was lost, or its end.
      const last = await api.lastOf(subject);
      if (last === undefined) {
        this.#die(session);
        return false;
      }
      own.sequence = Math.max(own.sequence, last.sequence);
    }
    throw unavailable(`Session ${session} was renewed elsewhere each time`, false);
  }

  /** Ends it, whoever renews it meanwhile. */
  async end(session: SessionId): Promise<void> {
    const { api, subjects } = this.#options;
    let sequence =
      this.#own.get(session)?.sequence ?? (await api.lastOf(subjects.session(session)))?.sequence;
    this.#own.delete(session);
    for (let attempt = 0; sequence !== undefined && attempt < attemptsMax; attempt++) {
      if (await api.deleteMessage(sequence)) break;
      sequence = (await api.lastOf(subjects.session(session)))?.sequence;
    }
    this.#die(session, true);
  }

  /** How long a session has left by what was seen of it, having looked; nothing where it is dead, which it may be by this look. */
  async look(session: SessionId): Promise<number | undefined> {
    if (this.isDead(session)) return undefined;
    const { api, subjects, clock } = this.#options;
    const last = await api.lastOf(subjects.session(session));
    const nowMs = clock.monotonicMs();
    if (last === undefined) {
      this.#die(session);
      return undefined;
    }
    const before = this.#sightings.get(session);
    const sighting = before?.sequence === last.sequence ? before : sightingOf(last, nowMs);
    this.#sightings.delete(session);
    this.#sightings.set(session, sighting);
    for (const oldest of this.#sightings.keys()) {
      if (this.#sightings.size <= sightingsMax) break;
      this.#sightings.delete(oldest);
    }
    const leftMs = sighting.seenMs + graceMs(sighting.ttlMs) - nowMs;
    if (leftMs > 0) return leftMs;
    if (!(await api.deleteMessage(last.sequence))) return 0;
    this.#die(session, true);
    return undefined;
  }

  #die(session: SessionId, isEndedHere = false): void {
    const { ends, onDead } = this.#options;
    this.#own.delete(session);
    this.#sightings.delete(session);
    if (this.#dead.has(session)) return;
    this.#dead.add(session);
    for (const oldest of this.#dead) {
      if (this.#dead.size <= deadMax) break;
      this.#dead.delete(oldest);
    }
    ends.tell(session, isEndedHere);
    onDead(session);
  }
}

/** A session's time to live, and what two clocks may differ in rate and timers be late. */
function graceMs(ttlMs: number): number {
  return ttlMs + ttlMs / 100 + 10;
}

function sightingOf({ sequence, bytes }: StoredMessage, seenMs: number): Sighting {
  const { ttlMs } = JSON.parse(Buffer.from(bytes).toString()) as { ttlMs: number };
  return { sequence, seenMs, ttlMs };
}
