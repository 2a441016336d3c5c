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

/** What is known of a session. */
interface KnownSession {
  /** Of one that was opened here. */
  readonly ttlUs: number | undefined;
  /** By the server's clock, as of the last answer; 0 before the first. */
  deadlineUs: number;
  /** Where it is known, or about to be known, that this session may leave something: whether it lives. */
  readonly entered: Map<string, Promise<boolean> | true>;
  /** Where it may have left something of which the server could not be told: nobody else would sweep there. */
  readonly owed: Set<string>;
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
  readonly #known = new Map<SessionId, KnownSession>();
  #enteredCount = 0;

  constructor(options: RedisSessionsOptions) {
    this.#options = options;
  }

  async open(ttlMs: number): Promise<SessionId> {
    const { runner, keys, random } = this.#options;
    const id = sessionId(Buffer.from(random.bytes(16)).toString('hex'));
    const ttlUs = Math.ceil(ttlMs * 1000);
    const deadlineUs = Number(await runner.run(openSessionScript, keys.sessions, id, ttlUs));
    this.#known.set(id, { ttlUs, deadlineUs, entered: new Map(), owed: new Set() });
    return id;
  }

  async renew(id: SessionId): Promise<boolean> {
    const { runner, keys } = this.#options;
    const known = this.#known.get(id);
    if (known?.ttlUs === undefined) return false;
    const deadlineUs = Number(await runner.run(renewSessionScript, keys.sessions, id, known.ttlUs));
    if (deadlineUs === 0) {
      this.#known.delete(id);
      void this.#sweepAfter(id, known);
    } else void this.#enterOwed(id, known);
    known.deadlineUs = Math.max(deadlineUs, known.deadlineUs);
    return deadlineUs > 0;
  }

  async end(id: SessionId): Promise<void> {
    const known = this.#known.get(id);
    if (known !== undefined && known.owed.size > 0) await this.#enterOwed(id, known);
    this.#known.delete(id);
    await this.#options.sweeper.sweepEnded(id, endSessionScript);
  }

  /**
   * Carries out a mutation that names these sessions, once it is known where to sweep after them. That is asked for but once for
   * each partition; on a single server the mutation goes ahead on the same connection, so that nobody waits for it.
   *
   * The mutation is told after which time of the server's clock, in µs, it must not take effect; of its answer is asked whether it
   * came after that, and has done nothing.
   *
   * @throws QuorateError `SESSION_LOST`
   */
  entering<Result>(
    partition: string,
    sessions: readonly SessionId[],
    operation: OperationId | undefined,
    mutate: (notAfterUs: number) => Promise<Result>,
    isLate: (result: Result) => boolean,
  ): Promise<Result> {
    const run = (): Promise<Result> => mutate(this.#notAfterUs(sessions));
    const isEntered = sessions.every(session => this.#known.get(session)?.entered.get(partition) === true);
    const isAhead = !this.#options.runner.isCluster && sessions.every(session => this.#isOwn(session));
    const first = isEntered
      ? run()
      : isAhead
        ? this.#whileEntering(partition, sessions, operation, run, isLate)
        : this.#afterEntering(partition, sessions, operation, run);
    return first.then(result =>
      isLate(result) ? this.enteringAnew(partition, sessions, operation, mutate, isLate) : result,
    );
  }

  /** The same once more for a mutation that came late: a session of somebody else's may have been renewed since we asked. */
  async enteringAnew<Result>(
    partition: string,
    sessions: readonly SessionId[],
    operation: OperationId | undefined,
    mutate: (notAfterUs: number) => Promise<Result>,
    isLate: (result: Result) => boolean,
  ): Promise<Result> {
    for (const session of sessions) this.#known.get(session)?.entered.delete(partition);
    const run = (): Promise<Result> => mutate(this.#notAfterUs(sessions));
    const again = await this.#afterEntering(partition, sessions, operation, run);
    if (isLate(again)) throw lostFor(sessions, operation);
    return again;
  }

  /** After which time nothing of a session may take effect, where the server knows that it left something there; else undefined. */
  enteredUntilUs(session: SessionId, partition: string): number | undefined {
    const known = this.#known.get(session);
    return known?.entered.get(partition) === true ? known.deadlineUs : undefined;
  }

  /** A server that was connected to anew may have forgotten. */
  forgetEntered(): void {
    for (const [session, { ttlUs, entered }] of this.#known) {
      entered.clear();
      if (ttlUs === undefined) this.#known.delete(session);
    }
    this.#enteredCount = 0;
  }

  async #afterEntering<Result>(
    partition: string,
    sessions: readonly SessionId[],
    operation: OperationId | undefined,
    run: () => Promise<Result>,
  ): Promise<Result> {
    for (const session of sessions) {
      if (!(await this.#enter(session, partition))) throw lostFor([session], operation);
    }
    return run();
  }

  async #whileEntering<Result>(
    partition: string,
    sessions: readonly SessionId[],
    operation: OperationId | undefined,
    run: () => Promise<Result>,
    isLate: (result: Result) => boolean,
  ): Promise<Result> {
    const entries = sessions.map(session => this.#enter(session, partition));
    const [ran, ...entered] = await Promise.allSettled([run(), ...entries]);
    for (const [index, entry] of entered.entries()) {
      const session = sessions[index] as SessionId;
      // What became of the mutation is told by itself alone. The rest is made up for with the next renewal, or the next mutation.
      if (entry.status === 'rejected') this.#owe(session, partition);
      if (entry.status === 'rejected' || entry.value) continue;
      await this.#options.sweeper.sweep(partition, [session], true).catch(() => {});
      if (ran.status === 'rejected') throw ran.reason;
      throw isLate(ran.value) ? lostFor([session], operation) : sessionLost(session, 'unknown');
    }
    if (ran.status === 'rejected') throw ran.reason;
    return ran.value;
  }

  /** Where the server has forgotten the session with everything it knew of it, this client alone knows what it left since. */
  async #sweepAfter(session: SessionId, { entered, owed }: KnownSession): Promise<void> {
    for (const partition of new Set([...entered.keys(), ...owed])) {
      await this.#options.sweeper.sweep(partition, [session], true).catch(() => {});
    }
  }

  #owe(session: SessionId, partition: string): void {
    this.#known.get(session)?.owed.add(partition);
  }

  /** Tells the server what it could not be told when a mutation went ahead. What fails again is told again. */
  async #enterOwed(session: SessionId, { owed }: KnownSession): Promise<void> {
    await Promise.all(
      [...owed].map(async partition => {
        const isAlive = await Promise.resolve(this.#enter(session, partition)).catch(() => undefined);
        if (isAlive === undefined) return;
        owed.delete(partition);
        if (!isAlive) await this.#options.sweeper.sweep(partition, [session], true).catch(() => {});
      }),
    );
  }

  #isOwn(session: SessionId): boolean {
    return this.#known.get(session)?.ttlUs !== undefined;
  }

  #notAfterUs(sessions: readonly SessionId[]): number {
    const deadlines = sessions.map(session => this.#known.get(session)?.deadlineUs ?? 0);
    return deadlines.length === 0 ? 0 : Math.min(...deadlines);
  }

  #enter(session: SessionId, partition: string): Promise<boolean> | true {
    const known = this.#known.get(session) ?? {
      ttlUs: undefined,
      deadlineUs: 0,
      entered: new Map(),
      owed: new Set<string>(),
    };
    const before = known.entered.get(partition);
    if (before !== undefined) return before;
    if (++this.#enteredCount > enteredMax) this.forgetEntered();
    this.#known.set(session, known);
    const { runner, keys } = this.#options;
    const entry = runner.run(enterPartitionScript, keys.sessions, session, partition).then(answer => {
      known.deadlineUs = Math.max(known.deadlineUs, answer as number);
      return answer !== 0;
    });
    known.entered.set(partition, entry);
    const forget = (): void => {
      if (known.entered.get(partition) === entry) known.entered.delete(partition);
      if (known.ttlUs === undefined && known.entered.size === 0 && this.#known.get(session) === known)
        this.#known.delete(session);
    };
    const settle = (isAlive: boolean): void => {
      if (!isAlive) forget();
      else if (known.entered.get(partition) === entry) known.entered.set(partition, true);
    };
    entry.then(settle, forget);
    return entry;
  }
}

function lostFor(sessions: readonly SessionId[], operation: OperationId | undefined): Error {
  const [session] = sessions as [SessionId];
  return sessionLost(session, operation === undefined ? 'not-applied' : 'unknown');
}
