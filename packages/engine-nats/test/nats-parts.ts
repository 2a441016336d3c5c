import type { NatsConnection } from '@nats-io/nats-core';
import { type Clock, ManualClock, type SessionId, systemClock, systemRandom } from '@quorate/core';
import { Janitor } from '../src/host/janitor.ts';
import { Marks } from '../src/host/marks.ts';
import { Partitions, type PartitionsOptions } from '../src/host/partitions.ts';
import { Requests } from '../src/host/requests.ts';
import { SessionEnds } from '../src/host/session-ends.ts';
import { Sessions } from '../src/host/sessions.ts';
import { StreamApi } from '../src/host/stream-api.ts';
import { Subjects } from '../src/host/subjects.ts';

const subjects = new Subjects('QUORATE');
const limits = { messageMaxBytes: 1_000_000, partitionMaxBytes: 500_000, cacheMaxBytes: 1e9 };
let names = 0;

/** A partition that nobody has used. */
export const fresh = (): string => `p${++names}`;

/** Until it holds, with a look at each turn of the loop. */
export async function until(condition: () => unknown): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setImmediate(resolve));
}

/** The number of the last message on a subject; nothing where there is none. */
export async function lastOf(connection: NatsConnection, subject: string): Promise<number | undefined> {
  const answer = await connection.request(
    '$JS.API.STREAM.MSG.GET.QUORATE',
    JSON.stringify({ last_by_subj: `QUORATE.${subject}` }),
  );
  return answer.json<{ message?: { seq: number } }>().message?.seq;
}

/** How many messages there are on the subjects that match a pattern. */
export async function countOf(connection: NatsConnection, pattern: string): Promise<number> {
  const answer = await connection.request(
    '$JS.API.STREAM.INFO.QUORATE',
    JSON.stringify({ subjects_filter: `QUORATE.${pattern}` }),
  );
  const { subjects: found = {} } = answer.json<{ state: { subjects?: Record<string, number> } }>().state;
  return Object.values(found).reduce((sum, count) => sum + count, 0);
}

/** The requests of a client, whose answers may take as long as they will. */
export function apiOf(connection: NatsConnection, clock: Clock = systemClock): StreamApi {
  const requests = new Requests({ connection, clock, timeoutMs: 1e9, inboxPrefix: undefined });
  return new StreamApi(requests, 'QUORATE', '$JS.API');
}

/** What a client is made of, without sessions. */
export function partitionsOf(api: StreamApi, options: Partial<PartitionsOptions> = {}): Partitions {
  const marks = new Marks(api, subjects);
  const isDead = (): boolean => false;
  return new Partitions({ api, subjects, marks, isDead, random: systemRandom, ...limits, ...options });
}

/** The sessions of a client, by a clock of their own. */
export function sessionsOf(
  api: StreamApi,
  clock: Clock,
  onDead: (session: SessionId) => void = () => {},
): Sessions {
  const ends = new SessionEnds(api.requests, subjects.ends);
  return new Sessions({ api, subjects, clock, random: systemRandom, ends, onDead });
}

/** A client that does nothing but clean up, turn by turn. */
export interface Cleaner {
  readonly clock: ManualClock;
  readonly sessions: Sessions;
  /** Lets so much time pass, once it rests. */
  pass(durationMs: number): Promise<void>;
  close(): void;
}

export function cleanerOf(api: StreamApi, wallMs = 0): Cleaner {
  const clock = new ManualClock({ wallMs });
  const sessions = sessionsOf(api, clock, session => void janitor.sweep(session).catch(() => {}));
  const janitor: Janitor = new Janitor({
    api,
    subjects,
    clock,
    sessions,
    random: systemRandom,
    partitions: partitionsOf(api),
    marks: new Marks(api, subjects),
  });
  const pass = async (durationMs: number): Promise<void> => {
    // Its only timer is the one for its next turn.
    await until(() => clock.timerCount === 1);
    clock.advance(durationMs);
  };
  return { clock, sessions, pass, close: () => janitor.close() };
}
