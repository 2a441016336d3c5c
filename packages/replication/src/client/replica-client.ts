import {
  type Clock,
  type GroupId,
  groupId,
  type LinkedSignal,
  linkSignal,
  type NodeId,
  nodeId,
  type Outcome,
  QuorateError,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  type WaitOptions,
} from '@quorate/core';
import { checkLimits } from '../replica/call-limits.ts';
import { checkAck, checkBytes, checkReadMode, idsOf } from '../replica/check-call.ts';
import { checkSessionTtl } from '../replica/replica-options.ts';
import type { SessionOptions } from '../replica/replica.ts';
import { withOutcome } from '../replica/replica-error.ts';
import type { ReadOptions, WriteOptions, WriteReceipt } from '../replica/write-options.ts';
import { ClientSession } from '../sessions/client-session.ts';
import { ByteSlab } from '../wire/byte-slab.ts';
import { checkSessionId, checkSessionOperation } from '../wire/entry-payload.ts';
import {
  answerDone,
  answerNotLeader,
  decodeNotLeader,
  decodeReceipt,
  decodeSession,
  encodeRead,
  encodeSession,
  encodeWrite,
  type SessionVerb,
  sessionVerbs,
} from './call-codec.ts';
import { type CallMethods, methodsOf } from './serve-replica.ts';
import { CallBatcher, type CallPort } from './call-batcher.ts';
import { type Asked, LeaderSearch } from './leader-search.ts';

/** What a client is made of. */
export interface ReplicaClientOptions {
  /** How to reach them: `createRequests` of `@quorate/transport`. Stays the caller's. */
  readonly requests: CallPort;
  /** Whom to ask, in order of preference: the first is asked for `follower` and `local` reads as long as it answers. */
  readonly members: readonly NodeId[];
  /** Which group, where the members serve many. Default 0. */
  readonly group?: GroupId | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** How long one replica is waited for before another is asked, by one call or by shorter ones together. Default 2,000. */
  readonly attemptMs?: number | undefined;
}

/** A group as a client sees it: it finds the leader, and repeats what may be repeated. */
export interface ReplicaClient {
  /**
   * Writes at whoever leads. What certainly was not applied is sent again; what may have been, only with a `session`, whose
   * operation is applied once. Without one it is thrown as `unknown`.
   *
   * @throws QuorateError what the replica throws, `CALL_REFUSED` for a command that is too long, `DEADLINE_EXCEEDED`, `ABORTED`
   */
  write(command: Uint8Array, options?: WriteOptions): Promise<WriteReceipt>;
  /**
   * Reads: `linearizable` and `lease` at the leader, the rest at the first member that answers. The bytes of the answer, as of
   * a receipt's reply, are the caller's; the `buffer` around them is shared with other answers.
   */
  read(query: Uint8Array, options?: ReadOptions): Promise<Uint8Array>;
  /** As `Replica.openSession`, at whoever leads. One that was opened and not heard of ends by itself. */
  openSession(options?: SessionOptions): Promise<ClientSession>;
  /** As `Replica.closeSession`, at whoever leads. */
  closeSession(id: number, options?: WaitOptions): Promise<void>;
  /** As `Replica.keepSession`, at whoever leads. @throws QuorateError `SESSION_EXPIRED` */
  keepSession(id: number, options?: WaitOptions): Promise<void>;
}

/**
 * Makes a client. Without a deadline a call goes on until there is an answer.
 *
 * @throws TypeError, RangeError for options that cannot be
 */
export function createReplicaClient(options: ReplicaClientOptions): ReplicaClient {
  const { attemptMs } = options;
  if (idsOf('Members', options.members).length === 0) {
    throw new RangeError('Members must be at least one: received none');
  }
  if (attemptMs !== undefined && !(attemptMs > 0)) {
    throw new RangeError(`Attempt in ms must be a number above 0: received ${attemptMs}`);
  }
  return new Client(options);
}

/** A call that is sent until it is known what became of it. */
interface Call {
  readonly method: string;
  readonly body: Uint8Array;
  /** Whether only the leader answers. */
  readonly leaderOnly: boolean;
  /** Whether it may be sent again though it may have been applied. */
  readonly repeatable: boolean;
}

/** What is so at one replica, and at no other: it has ended, or it still reads its log and does not answer yet. */
const ownState: ReadonlySet<string> = new Set(['CLOSED', 'JOURNAL_FAILED', 'UNKNOWN_METHOD']);
const backoffMinMs = 10;
const backoffMaxMs = 100;

class Client implements ReplicaClient {
  readonly #requests: CallPort;
  readonly #methods: CallMethods;
  readonly #writes: CallBatcher;
  /** Apart, so that those that ask nobody else do not wait for those that do. */
  readonly #reads: Readonly<Record<'linearizable' | 'lease', CallBatcher>>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #attemptMs: number;
  readonly #search: LeaderSearch;
  /** What goes out is soon forgotten; what comes in is kept by whom it belongs to. */
  readonly #outgoing = new ByteSlab(0x1_0000);
  readonly #incoming = new ByteSlab(0x2000);

  constructor({ requests, members, group, clock, random, attemptMs = 2000 }: ReplicaClientOptions) {
    this.#requests = requests;
    this.#methods = methodsOf(groupId(group ?? 0));
    this.#clock = clock ?? systemClock;
    this.#random = random ?? systemRandom;
    this.#attemptMs = attemptMs;
    this.#search = new LeaderSearch(members.map(nodeId), this.#clock, attemptMs);
    const { write, writes, read, reads } = this.#methods;
    const options = { requests, deadlineMs: attemptMs, clock: this.#clock };
    const reading = { ...options, method: read, batchMethod: reads, outcome: 'not-applied' } as const;
    this.#writes = new CallBatcher({ ...options, method: write, batchMethod: writes, outcome: 'unknown' });
    this.#reads = { linearizable: new CallBatcher(reading), lease: new CallBatcher(reading) };
  }

  async write(command: Uint8Array, options: WriteOptions = {}): Promise<WriteReceipt> {
    const { ack = 'quorum', session } = options;
    checkLimits(options);
    checkBytes('Command', command);
    checkAck(ack);
    if (session !== undefined) checkSessionOperation(session);
    const body = encodeWrite(command, options, this.#outgoing);
    const { write: method } = this.#methods;
    const repeatable = session !== undefined;
    const answer = await this.#ask(this.#writes, { method, body, leaderOnly: true, repeatable }, options);
    const receipt = decodeReceipt(done(answer, 'unknown'), this.#incoming);
    if (receipt === undefined) throw unreadableAnswer('unknown');
    return receipt;
  }

  async read(query: Uint8Array, options: ReadOptions = {}): Promise<Uint8Array> {
    const { mode = 'linearizable', maxStalenessMs } = options;
    checkBytes('Query', query);
    // Whether lease reads are served, the replica knows.
    checkReadMode(mode, maxStalenessMs, true);
    const body = encodeRead(query, mode, maxStalenessMs, this.#outgoing);
    const batcher = mode === 'linearizable' || mode === 'lease' ? this.#reads[mode] : undefined;
    const call = { method: this.#methods.read, body, leaderOnly: batcher !== undefined, repeatable: true };
    if (batcher !== undefined) checkLimits(options);
    const asked = batcher === undefined ? this.#call(call, options) : this.#ask(batcher, call, options);
    return this.#incoming.copy(done(await asked, 'not-applied'), 1);
  }

  async openSession(options: SessionOptions = {}): Promise<ClientSession> {
    const { ttlMs: wantedMs } = options;
    if (wantedMs !== undefined) checkSessionTtl(wantedMs);
    const answer = await this.#callSession(sessionVerbs.open, wantedMs, options);
    const id = decodeSession(answer.subarray(1, 9))?.value;
    const ttlMs = decodeSession(answer.subarray(9))?.value;
    if (id === undefined || ttlMs === undefined) throw unreadableAnswer('unknown');
    return new ClientSession(id, ttlMs);
  }

  async closeSession(id: number, options: WaitOptions = {}): Promise<void> {
    checkSessionId(id);
    await this.#callSession(sessionVerbs.close, id, options);
  }

  async keepSession(id: number, options: WaitOptions = {}): Promise<void> {
    checkSessionId(id);
    await this.#callSession(sessionVerbs.keep, id, options);
  }

  /** All of them may be repeated: a session that was opened for nobody ends by itself. */
  async #callSession(
    verb: SessionVerb,
    value: number | undefined,
    options: WaitOptions,
  ): Promise<Uint8Array> {
    const call = { method: this.#methods.session, body: encodeSession(verb, value) };
    const answer = await this.#call({ ...call, leaderOnly: true, repeatable: true }, options);
    return done(answer, 'unknown');
  }

  /** Asks the leader: at once, which spares what a wait costs, where no signal limits it and the leader is known. */
  #ask(batcher: CallBatcher, call: Call, options: WaitOptions): Promise<Uint8Array> {
    const { signal, deadlineMs } = options;
    const { leader } = this.#search;
    if (signal !== undefined || leader === undefined) return this.#call(call, options);
    const startMs = this.#clock.monotonicMs();
    const again = (mayHave: boolean): Promise<Uint8Array> => {
      const restMs = deadlineMs && Math.max(0, deadlineMs - (this.#clock.monotonicMs() - startMs));
      return this.#call(call, { deadlineMs: restMs }, mayHave);
    };
    return batcher.send(leader, call.body, deadlineMs).then(
      answer => {
        if (answer[0] === answerNotLeader) {
          this.#search.named(leader, decodeNotLeader(answer));
          return again(false);
        }
        this.#search.leads(leader);
        return answer;
      },
      (error: unknown) => {
        const isLate = error instanceof QuorateError && error.code === 'DEADLINE_EXCEEDED';
        const isOwnLimit = isLate && (deadlineMs ?? this.#attemptMs) < this.#attemptMs;
        this.#noteFailure(leader, error, startMs, isOwnLimit);
        return again(this.#mayHaveBeen(error, call));
      },
    );
  }

  /** Throws what ends a call. @returns whether it may have been applied though it has to be sent again */
  #mayHaveBeen(error: unknown, call: Call): boolean {
    if (!(error instanceof QuorateError)) throw error;
    const mayHave = error.outcome !== 'not-applied' && call.method !== this.#methods.read;
    if (!mayPass(error, call.repeatable)) throw mayHave ? error : withOutcome(error, 'not-applied');
    return mayHave;
  }

  /** @param mayHave whether an attempt before may have been applied, so that no later refusal is certain any more */
  async #call(call: Call, options: WaitOptions, mayHave = false): Promise<Uint8Array> {
    using wait = linkSignal(this.#clock, { ...options, outcome: 'not-applied' });
    let isUnknown = mayHave;
    let backoffMs = backoffMinMs;
    let roundMs = this.#clock.monotonicMs();
    const asked: Asked = new Map();
    for (;;) {
      const to = this.#search.next(asked, call.leaderOnly);
      if (to === undefined) {
        // A replica that waited for news of a leader was a pause, too.
        const pauseMs = backoffMs * (0.5 + this.#random.float() / 2) + roundMs - this.#clock.monotonicMs();
        backoffMs = Math.min(backoffMs * 2, backoffMaxMs);
        await this.#pause(pauseMs, wait);
        asked.clear();
        roundMs = this.#clock.monotonicMs();
        continue;
      }
      try {
        wait.throwIfAborted();
        asked.set(to, (asked.get(to) ?? 0) + 1);
        const answer = await this.#askOne(to, call, wait);
        if (answer !== undefined) return answer;
      } catch (error) {
        this.#judge(error, call, wait, isUnknown);
        isUnknown ||= (error as QuorateError).outcome !== 'not-applied';
        // Others may name it for as long as they do not know.
        asked.set(to, Number.POSITIVE_INFINITY);
      }
    }
  }

  /** @returns `undefined` where it does not lead */
  async #askOne(to: NodeId, call: Call, wait: LinkedSignal): Promise<Uint8Array | undefined> {
    const startMs = this.#clock.monotonicMs();
    const deadlineMs = Math.min(this.#attemptMs, wait.remainingMs());
    try {
      const { signal } = wait;
      const answer = await this.#requests.request(to, call.method, call.body, { signal, deadlineMs });
      if (answer[0] === answerNotLeader) {
        this.#search.named(to, decodeNotLeader(answer));
        return undefined;
      }
      if (call.leaderOnly) this.#search.leads(to);
      return answer;
    } catch (error) {
      const isLate = error instanceof QuorateError && error.code === 'DEADLINE_EXCEEDED';
      const isOwnLimit = wait.signal.aborted || (isLate && deadlineMs < this.#attemptMs);
      if (call.leaderOnly) this.#noteFailure(to, error, startMs, isOwnLimit);
      throw error;
    }
  }

  /** @param isOwnLimit whether the call ended before the replica had the time that each has */
  #noteFailure(to: NodeId, error: unknown, startMs: number, isOwnLimit: boolean): void {
    if (isOwnLimit) this.#search.gaveUp(to, startMs);
    else if (error instanceof QuorateError && (error.retryable || ownState.has(error.code)))
      this.#search.failed(to);
    else this.#search.heard(to);
  }

  async #pause(durationMs: number, wait: LinkedSignal): Promise<void> {
    const restMs = Math.min(durationMs, wait.remainingMs());
    if (restMs > 0) await sleep(this.#clock, restMs, { signal: wait.signal }).catch(() => {});
  }

  /** Throws what ends the call. */
  #judge(error: unknown, call: Call, wait: LinkedSignal, isUnknown: boolean): void {
    if (!(error instanceof QuorateError)) throw error;
    const mayHave = isUnknown || (error.outcome !== 'not-applied' && call.method !== this.#methods.read);
    const outcome = error.outcome === 'applied' ? 'applied' : mayHave ? 'unknown' : 'not-applied';
    try {
      wait.throwIfAborted();
    } catch (over) {
      throw withOutcome(over as QuorateError, outcome);
    }
    if (outcome === 'applied' || !mayPass(error, call.repeatable)) throw withOutcome(error, outcome);
  }
}

/** Whether another attempt may succeed, and does no harm. */
function mayPass({ code, outcome, retryable }: QuorateError, repeatable: boolean): boolean {
  return (
    (retryable || ownState.has(code)) && (outcome === 'not-applied' || (outcome === 'unknown' && repeatable))
  );
}

/** The answer of who did it. @throws QuorateError for what is none of this version, of no length among it */
function done(answer: Uint8Array, outcome: Outcome): Uint8Array {
  if (answer[0] === answerDone) return answer;
  throw unreadableAnswer(outcome);
}

function unreadableAnswer(outcome: Outcome): QuorateError {
  return new QuorateError('UNREADABLE_ANSWER', 'The answer is none of this version', { outcome });
}
