import { type Clock, errorCode, linkSignal, type Outcome } from '@quorate/core';
import { isProblemBody, type ReplicaReport } from '@quorate/node';

/** What a request came to that the node did. */
export interface Done {
  readonly done: true;
  /** Of a read: what the key holds, null where it holds nothing. */
  readonly value: string | null;
  /** 0 where there is no value. */
  readonly version: number;
  /** Of a write: the term of the leader that took it on. */
  readonly term: number;
}

/** What a request came to that the node did not do, or that nobody answered. */
export interface Refused {
  readonly done: false;
  readonly code: string;
  readonly outcome: Outcome;
  /** Whether the same request may succeed later, here or elsewhere. */
  readonly retryable: boolean;
  /** Whom to ask instead. */
  readonly leaderUrl: string | undefined;
}

export type Attempt = Done | Refused;

/** What makes a write's repetition safe. */
export interface Operation {
  readonly session: number;
  readonly sequence: number;
  readonly settled: number;
}

export type ReadMode = 'linearizable' | 'follower';

const attemptMs = 2500;

/** Who is to vote, to receive the log alone, or to go. */
export interface GroupChange {
  readonly voters?: readonly string[];
  readonly learners?: readonly string[];
  readonly remove?: readonly string[];
}

/** The routes of the replicated map, one attempt at a time. Who repeats, and whether that is safe, is the caller's business. */
export class ReplicatedClient {
  readonly #token: string;
  readonly #clock: Clock;

  constructor(token: string, clock: Clock) {
    this.#token = token;
    this.#clock = clock;
  }

  async put(url: string, key: string, value: string, operation?: Operation): Promise<Attempt> {
    const headers =
      operation === undefined
        ? {}
        : {
            'quorate-session': String(operation.session),
            'quorate-sequence': String(operation.sequence),
            'quorate-settled': String(operation.settled),
          };
    const answer = await this.#ask(url, 'PUT', pathOf(key), headers, value);
    if (!('text' in answer)) return answer;
    const { version, term } = JSON.parse(answer.text) as Done;
    return { done: true, value, version, term };
  }

  /** @param mode `linearizable` at the leader, `follower` anywhere: both as strong */
  async get(url: string, key: string, mode: ReadMode): Promise<Attempt> {
    const answer = await this.#ask(url, 'GET', pathOf(key), { 'quorate-read': mode });
    if ('text' in answer) {
      const version = Number(answer.response.headers.get('quorate-version'));
      return { done: true, value: answer.text, version, term: 0 };
    }
    if (answer.code !== 'KEY_NOT_FOUND') return answer;
    return { done: true, value: null, version: 0, term: 0 };
  }

  /** @returns the session's id */
  async openSession(url: string): Promise<number | Refused> {
    const answer = await this.#ask(url, 'POST', '/v1/replica/sessions');
    return 'text' in answer ? (JSON.parse(answer.text) as { session: number }).session : answer;
  }

  /** How a replica is; `undefined` where it does not answer. */
  async report(url: string, withinMs?: number): Promise<ReplicaReport | undefined> {
    const answer = await this.#ask(url, 'GET', '/v1/replica', {}, undefined, withinMs);
    return 'text' in answer ? (JSON.parse(answer.text) as ReplicaReport) : undefined;
  }

  /** Needs the peers' token. @returns the new leader's id */
  async transfer(url: string): Promise<string | Refused> {
    const answer = await this.#ask(url, 'POST', '/v1/peer/replica/transfer');
    return 'text' in answer ? (JSON.parse(answer.text) as { leader: string }).leader : answer;
  }

  /** Needs the peers' token. @returns undefined when the change is in force */
  async reconfigure(url: string, change: GroupChange): Promise<Refused | undefined> {
    const headers = { 'content-type': 'application/json' };
    const path = '/v1/peer/replica/reconfigure';
    const answer = await this.#ask(url, 'POST', path, headers, JSON.stringify(change));
    return 'text' in answer ? undefined : answer;
  }

  async #ask(
    url: string,
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: string,
    withinMs: number = attemptMs,
  ): Promise<{ readonly response: Response; readonly text: string } | Refused> {
    using linked = linkSignal(this.#clock, { deadlineMs: withinMs });
    try {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          'deadline-ms': String(attemptMs - 500),
          ...headers,
        },
        signal: linked.signal,
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      return response.ok ? { response, text } : refusalOf(text);
    } catch (error) {
      return unanswered(error);
    }
  }
}

function pathOf(key: string): string {
  return `/v1/replicated?${new URLSearchParams({ key })}`;
}

function refusalOf(text: string): Refused {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // Cut off in the middle, as when a node dies while it answers.
  }
  if (!isProblemBody(body)) {
    return { done: false, code: 'BAD_ANSWER', outcome: 'unknown', retryable: true, leaderUrl: undefined };
  }
  const { code, outcome, retryable, leader } = body;
  return { done: false, code, outcome, retryable, leaderUrl: leader?.url };
}

/** A connection that was refused has carried nothing anywhere; whatever broke off later may have. */
function unanswered(error: unknown): Refused {
  const code = errorCode((error as Error).cause) ?? errorCode(error) ?? 'UNANSWERED';
  const outcome = code === 'ECONNREFUSED' ? 'not-applied' : 'unknown';
  return { done: false, code, outcome, retryable: true, leaderUrl: undefined };
}
