import { type Clock, type Random, sleep } from '@quorate/core';
import type { History } from './history.ts';
import type { Attempt, Operation, ReadMode, Refused, ReplicatedClient } from './replicated-client.ts';

/** Numbers a client's writes, so that each can be sent again. */
interface Session {
  readonly id: number;
  sequence: number;
}

const retryMs = 15;

/** What the callers of one stream share. */
export interface CallerSeams {
  readonly client: ReplicatedClient;
  /** Where the running members are. */
  readonly urls: () => readonly string[];
  readonly history: History;
  readonly clock: Clock;
}

/**
 * One client of the group. It follows the leader by what it is told, and asks anybody where it is told nothing.
 *
 * A patient one has a session, and repeats a write until it knows what became of it. The others take the first answer: where
 * that leaves the outcome unknown, the write stays open in the history, and they go on.
 */
export class Caller {
  readonly #name: string;
  readonly #seams: CallerSeams;
  readonly #random: Random;
  readonly #isPatient: boolean;
  #session: Session | undefined;
  #leaderUrl: string | undefined;
  /** Requests that were sent again. */
  retried = 0;

  constructor(name: string, seams: CallerSeams, random: Random, isPatient: boolean) {
    this.#name = name;
    this.#seams = seams;
    this.#random = random;
    this.#isPatient = isPatient;
  }

  /** Writes, and records it. @param giveUpAtMs when to leave the outcome open; monotonic */
  async put(key: string, value: string, giveUpAtMs: () => number): Promise<void> {
    const { history, client } = this.#seams;
    const session = this.#isPatient ? await this.#openSession(giveUpAtMs) : undefined;
    if (this.#isPatient && session === undefined) return;
    const operation = session === undefined ? undefined : nextOf(session);
    const call = history.begin(this.#name, { type: 'put', key, value });
    const attempt = (url: string): Promise<Attempt> => client.put(url, key, value, operation);
    const isOver = (refused: Refused): boolean => {
      if (refused.outcome === 'applied' || !refused.retryable) return true;
      return !this.#isPatient && refused.outcome === 'unknown';
    };
    const answer = await this.#repeat(attempt, isOver, giveUpAtMs, 'leader');
    if (answer?.done === true) {
      call.answered(undefined);
      const { version, term } = answer;
      history.acknowledge({ key, value, version, term });
    } else this.#session = undefined;
  }

  /** Reads, and records it. @returns what was found, or undefined when nobody answered in time */
  async get(
    key: string,
    mode: ReadMode,
    giveUpAtMs: () => number,
  ): Promise<{ readonly value: string | null; readonly version: number } | undefined> {
    const { history, client } = this.#seams;
    const call = history.begin(this.#name, { type: 'get', key });
    const attempt = (url: string): Promise<Attempt> => client.get(url, key, mode);
    const whom = mode === 'follower' ? 'anybody' : 'leader';
    const answer = await this.#repeat(attempt, refused => !refused.retryable, giveUpAtMs, whom);
    if (answer?.done !== true) return undefined;
    call.answered(answer.value);
    return answer;
  }

  async #openSession(giveUpAtMs: () => number): Promise<Session | undefined> {
    while (this.#session === undefined) {
      const opened = await this.#seams.client.openSession(this.#whom('leader'));
      if (typeof opened === 'number') this.#session = { id: opened, sequence: 0 };
      else if (!(await this.#goOn(opened, giveUpAtMs))) return undefined;
    }
    return this.#session;
  }

  async #repeat(
    attempt: (url: string) => Promise<Attempt>,
    isOver: (refused: Refused) => boolean,
    giveUpAtMs: () => number,
    whom: 'leader' | 'anybody',
  ): Promise<Attempt | undefined> {
    for (;;) {
      const answer = await attempt(this.#whom(whom));
      if (answer.done || isOver(answer)) return answer;
      if (!(await this.#goOn(answer, giveUpAtMs))) return undefined;
    }
  }

  /** Learns from a refusal and waits a moment. @returns whether there is time for another try */
  async #goOn({ leaderUrl, code }: Refused, giveUpAtMs: () => number): Promise<boolean> {
    const { clock } = this.#seams;
    const wasHint = code === 'NOT_LEADER' && leaderUrl !== undefined && leaderUrl !== this.#leaderUrl;
    this.#leaderUrl = leaderUrl;
    this.retried++;
    if (clock.monotonicMs() > giveUpAtMs()) return false;
    if (!wasHint) await sleep(clock, retryMs);
    return true;
  }

  /** The leader where it is known, else anybody: whoever is asked says more. */
  #whom(whom: 'leader' | 'anybody'): string {
    const urls = this.#seams.urls();
    if (whom === 'leader' && this.#leaderUrl !== undefined && urls.includes(this.#leaderUrl))
      return this.#leaderUrl;
    const url = urls[this.#random.below(Math.max(1, urls.length))] ?? '';
    if (whom === 'leader') this.#leaderUrl = url;
    return url;
  }
}

/** One write of a session is under way at a time, so all before it are settled. */
function nextOf(session: Session): Operation {
  session.sequence++;
  return { session: session.id, sequence: session.sequence, settled: session.sequence - 1 };
}
