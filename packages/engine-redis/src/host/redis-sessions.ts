import { type OperationId, type Random, type SessionId, sessionId, sessionLost } from '@quorate/core';
import type { RedisKeys } from '../redis-keys.ts';
import {
  endSessionScript,
  enterPartitionScript,
  openSessionScript,
  renewSessionScript,
} from '../scripts/session-scripts.ts';
import type { ScriptRunner } from './script-runner.ts';
import type { Sweeper } from './sweeper.ts';

/** How many pairs of session and partition are known to be registered. Beyond that it is said again. */
const enteredMax = 10_000;

/** What is known of a session that was opened here. */
interface OwnSession {
  readonly ttlUs: number;
  /** By the server's clock, as of the last answer. */
  deadlineUs: number;
}

export interface RedisSessionsOptions {
  readonly runner: ScriptRunner;
  readonly keys: RedisKeys;
  readonly random: Random;
  readonly sweeper: Sweeper;
}

/** Sessions, and in which partitions they have left something. */
export class RedisSessions {
  readonly #options: RedisSessionsOptions;
  readonly #own = new Map<SessionId, OwnSession>();
  readonly #entered = new Map<string, Promise<boolean>>();

  constructor(options: RedisSessionsOptions) {
    this.#options = options;
  }

  async open(ttlMs: number): Promise<SessionId> {
    const { runner, keys, random } = this.#options;
    const id = sessionId(Buffer.from(random.bytes(16)).toString('hex'));
    const ttlUs = Math.ceil(ttlMs * 1000);
    const deadlineUs = Number(await runner.run(openSessionScript, keys.sessions, id, ttlUs));
    this.#own.set(id, { ttlUs, deadlineUs });
    return id;
  }

  async renew(id: SessionId): Promise<boolean> {
    const { runner, keys } = this.#options;
    const own = this.#own.get(id);
    if (own === undefined) return false;
    const deadlineUs = Number(await runner.run(renewSessionScript, keys.sessions, id, own.ttlUs));
    if (deadlineUs > 0) own.deadlineUs = deadlineUs;
    else this.#own.delete(id);
    return deadlineUs > 0;
  }

  async end(id: SessionId): Promise<void> {
    this.#own.delete(id);
    await this.#options.sweeper.sweepEnded(id, endSessionScript);
  }

  /** After which time of the server's clock a mutation that names the session must not take effect, in µs; 0 where unknown. */
  notAfterUs(session: SessionId | undefined): number {
    return (session !== undefined && this.#own.get(session)?.deadlineUs) || 0;
  }

  /**
   * Carries out a mutation once it is known where to sweep after these sessions. That is asked for but once for each partition;
   * on a single server it goes ahead on the same connection, so that nobody waits for it.
   *
   * @throws QuorateError `SESSION_LOST`
   */
  async entering<Result>(
    partition: string,
    sessions: readonly SessionId[],
    operation: OperationId | undefined,
    mutate: () => Promise<Result>,
  ): Promise<Result> {
    const entries = sessions.map(session => [session, this.#enter(session, partition)] as const);
    const goesAhead = !this.#options.runner.isCluster && sessions.every(session => this.#own.has(session));
    const result = goesAhead ? mutate() : undefined;
    // What fails is thrown below, from the first that does.
    result?.catch(() => {});
    for (const [session, entry] of entries) {
      if (await entry) continue;
      if (result !== undefined) {
        await result.catch(() => {});
        await this.#options.sweeper.sweep(partition, [session]).catch(() => {});
      }
      throw sessionLost(session, operation === undefined ? 'not-applied' : 'unknown');
    }
    return result ?? mutate();
  }

  /** Those of the sessions that are not known to have entered the partition. */
  notEntered(partition: string, sessions: readonly (SessionId | undefined)[]): readonly SessionId[] {
    return sessions.filter(
      (session): session is SessionId =>
        session !== undefined && !this.#entered.has(enteredKey(session, partition)),
    );
  }

  /** A server that was connected to anew may have forgotten. */
  forgetEntered(): void {
    this.#entered.clear();
  }

  #enter(session: SessionId, partition: string): Promise<boolean> {
    const key = enteredKey(session, partition);
    const known = this.#entered.get(key);
    if (known !== undefined) return known;
    if (this.#entered.size >= enteredMax) this.#entered.clear();
    const { runner, keys } = this.#options;
    const entry = runner
      .run(enterPartitionScript, keys.sessions, session, partition)
      .then(answer => answer === 1);
    const forget = (): void => {
      if (this.#entered.get(key) === entry) this.#entered.delete(key);
    };
    this.#entered.set(key, entry);
    entry.then(isAlive => isAlive || forget(), forget);
    return entry;
  }
}

function enteredKey(session: SessionId, partition: string): string {
  return `${session}\0${partition}`;
}
