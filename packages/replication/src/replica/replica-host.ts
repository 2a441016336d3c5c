import { type GroupId, type LogIndex, type NodeId, nodeId, type WaitOptions } from '@quorate/core';
import { type Membership, votersOf } from '../raft/membership.ts';
import { ClientSession } from '../sessions/client-session.ts';
import { checkSessionId, checkSessionOperation, PayloadWriter, payloadTypes } from '../wire/entry-payload.ts';
import { checkLimits, limitWait } from './call-limits.ts';
import {
  checkAck,
  checkBytes,
  checkReadMode,
  isPassing,
  membershipChange,
  refusalText,
} from './check-call.ts';
import { DeadlineBook } from './deadline-book.ts';
import type { Driver } from './driver.ts';
import { type Awaited, PendingWrite } from './pending-write.ts';
import { PendingRead } from './read-book.ts';
import type {
  Reconfiguration,
  Reconfigured,
  ReconfigureOptions,
  Replica,
  ReplicaStatus,
  SessionOptions,
} from './replica.ts';
import {
  membershipRefused,
  NotLeaderError,
  overloaded,
  replicaClosed,
  semiSyncTimeout,
  storageFull,
  withOutcome,
} from './replica-error.ts';
import type { ReplicaEventListener } from './replica-event.ts';
import { checkSessionTtl } from './replica-options.ts';
import { replicaStatus } from './replica-status.ts';
import { handOver } from './transfer-leadership.ts';
import { Wait } from './wait.ts';
import type { ReadOptions, SemiSync, WriteOptions, WriteReceipt } from './write-options.ts';

type SessionPayload =
  | typeof payloadTypes.openSession
  | typeof payloadTypes.closeSession
  | typeof payloadTypes.keepSession;

/** The {@link Replica} over its {@link Driver}: arguments are checked and calls are made waits here. */
export class ReplicaHost implements Replica {
  readonly id: NodeId;
  readonly group: GroupId;
  readonly #driver: Driver;
  readonly #payloads: PayloadWriter;
  readonly #deadlines: DeadlineBook;
  readonly #commandMaxBytes: number;
  /** Sessions that are being opened. */
  #opening = 0;
  #closing: Promise<void> | undefined;

  constructor(driver: Driver) {
    const { id, group, clock, payloadMaxBytes } = driver.options;
    this.id = id;
    this.group = group;
    this.#driver = driver;
    this.#payloads = new PayloadWriter(id);
    this.#deadlines = new DeadlineBook(clock);
    this.#commandMaxBytes = payloadMaxBytes - this.#payloads.overheadBytes;
  }

  write(command: Uint8Array, options: WriteOptions = {}): Promise<WriteReceipt> {
    const { ack = 'quorum', session } = options;
    try {
      this.#checkCommand(command);
      const semiSync = checkAck(ack);
      if (session !== undefined) checkSessionOperation(session);
      this.#admit(options);
      const awaits: Awaited = typeof ack === 'string' ? ack : 'semiSync';
      const early = awaits === 'leader' || awaits === 'semiSync';
      const payload = this.#payloads.command(this.#driver.moment, command, session, early);
      return new Promise((resolve, reject) => {
        const write = new PendingWrite(awaits, semiSync?.semiSync ?? 0, resolve, reject);
        this.#limit(write, options, 'unknown');
        if (semiSync !== undefined) this.#limitSemiSync(write, semiSync, options);
        this.#driver.propose(payload, write);
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  read(query: Uint8Array, options: ReadOptions = {}): Promise<Uint8Array> {
    const { mode = 'linearizable', maxStalenessMs } = options;
    const driver = this.#driver;
    try {
      checkBytes('Query', query);
      checkReadMode(mode, maxStalenessMs, driver.options.leases);
      this.#checkOpen();
      checkLimits(options);
      const leaderOnly = mode === 'linearizable' || mode === 'lease';
      if (leaderOnly && !driver.isLeader) throw new NotLeaderError(this.id, driver.leader);
      const byLease = mode === 'lease';
      // What was measured before a pause is not believed: time is caught up with first.
      if (byLease) driver.ticker.catchUp();
      if (byLease && driver.leaseAllows()) return Promise.resolve(driver.reads.answerNow(query));
      const askedMs = driver.options.clock.monotonicMs();
      if (
        mode === 'local' &&
        !(askedMs - driver.reads.freshMs > (maxStalenessMs ?? Number.POSITIVE_INFINITY))
      ) {
        return Promise.resolve(driver.reads.answerNow(query));
      }
      return new Promise((resolve, reject) => {
        const read = new PendingRead(query, { leaderOnly, byLease, askedMs }, resolve, reject);
        this.#limit(read, options, 'not-applied');
        driver.reads.add(read);
        driver.schedule();
      });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async openSession(options: SessionOptions = {}): Promise<ClientSession> {
    const { sessionTtlMs, sessionsMax } = this.#driver.options;
    const ttlMs = checkSessionTtl(options.ttlMs ?? sessionTtlMs);
    this.#admit(options);
    if (this.#driver.applier.sessions.count + this.#opening >= sessionsMax) {
      throw overloaded(`${sessionsMax} sessions are open`);
    }
    this.#opening++;
    try {
      const { index } = await this.#writeSession(payloadTypes.openSession, Math.floor(ttlMs), options);
      return new ClientSession(index, Math.floor(ttlMs));
    } finally {
      this.#opening--;
    }
  }

  async closeSession(id: number, options: WaitOptions = {}): Promise<void> {
    checkSessionId(id);
    this.#admit(options);
    await this.#writeSession(payloadTypes.closeSession, id, options);
  }

  async keepSession(id: number, options: WaitOptions = {}): Promise<void> {
    checkSessionId(id);
    this.#admit(options);
    await this.#writeSession(payloadTypes.keepSession, id, options);
  }

  async reconfigure(change: Reconfiguration, options: ReconfigureOptions = {}): Promise<Reconfigured> {
    const wanted = membershipChange(change, options.transition ?? 'auto');
    this.#admit(options);
    const driver = this.#driver;
    const startedMs = driver.options.clock.monotonicMs();
    const receipt = await new Promise<WriteReceipt>((resolve, reject) => {
      const write = new PendingWrite('quorum', 0, resolve, reject);
      this.#limit(write, options, 'unknown');
      const outcome = driver.changeMembership(wanted, write);
      if (outcome.accepted) return;
      if (outcome.refused === 'not-leader') write.reject(new NotLeaderError(this.id, outcome.leader));
      else write.reject(membershipRefused(refusalText[outcome.refused], isPassing(outcome.refused)));
    });
    if (options.transition !== 'explicit') {
      await this.#until(({ votersOutgoing }) => votersOutgoing.length === 0, options, startedMs);
    }
    // One that removes itself is needed until the others know: who waits for this may end it.
    const mayGo = (membership: Membership): boolean =>
      !driver.isLeader || votersOf(membership).includes(this.id);
    await this.#until(mayGo, options, startedMs);
    const { index, term } = receipt;
    return { index, term, membership: driver.applier.membership };
  }

  async transferLeadership(to?: NodeId, options: WaitOptions = {}): Promise<NodeId> {
    if (to !== undefined) nodeId(to);
    this.#checkOpen();
    checkLimits(options);
    return await new Promise<NodeId>((resolve, reject) => {
      const wait = new Wait(resolve, reject);
      this.#limit(wait, options, 'unknown');
      handOver(this.#driver, to, wait);
    });
  }

  async waitForLeader(options: WaitOptions = {}): Promise<NodeId> {
    const driver = this.#driver;
    this.#checkOpen();
    checkLimits(options);
    if (driver.leader !== undefined) return driver.leader;
    return await new Promise<NodeId>((resolve, reject) => {
      const wait = new Wait(resolve, reject);
      this.#limit(wait, options, 'not-applied');
      driver.endWith(wait);
      const subscription = driver.events.subscribe(event => {
        if (event.type === 'role' && event.leader !== undefined) wait.resolve(event.leader);
      });
      wait.onSettled(() => subscription[Symbol.dispose]());
    });
  }

  async snapshot(): Promise<LogIndex> {
    this.#checkOpen();
    return await this.#driver.snapshots.keeper.take();
  }

  status(): ReplicaStatus {
    return replicaStatus(this.#driver, this.#closing !== undefined);
  }

  subscribe(listener: ReplicaEventListener): Disposable {
    if (typeof listener !== 'function')
      throw new TypeError(`Listener must be a function: received ${String(listener)}`);
    return this.#driver.events.subscribe(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closing = this.#driver.close(replicaClosed(this.id, 'not-applied'));
    this.#deadlines[Symbol.dispose]();
    await closing;
  }

  #writeSession(type: SessionPayload, value: number, options: WaitOptions): Promise<WriteReceipt> {
    const payload = this.#payloads.session(type, this.#driver.moment, value);
    return new Promise((resolve, reject) => {
      const write = new PendingWrite('quorum', 0, resolve, reject);
      this.#limit(write, options, 'unknown');
      this.#driver.propose(payload, write);
    });
  }

  /** Refuses what certainly cannot be written. @throws QuorateError */
  #admit(options: WaitOptions): void {
    const driver = this.#driver;
    this.#checkOpen();
    checkLimits(options);
    if (driver.health.full) throw storageFull(this.id);
    if (!driver.isLeader) throw new NotLeaderError(this.id, driver.leader);
    if (driver.applier.waitingBytes > driver.options.pendingBytesMax)
      throw overloaded('its state machine is behind');
  }

  #checkOpen(): void {
    const { over } = this.#driver;
    if (over !== undefined) throw withOutcome(over, 'not-applied');
  }

  #checkCommand(command: Uint8Array): void {
    checkBytes('Command', command);
    if (command.length > this.#commandMaxBytes) {
      throw new RangeError(
        `Command must be at most ${this.#commandMaxBytes} bytes: received ${command.length}`,
      );
    }
  }

  #limit<Value>(wait: Wait<Value>, options: WaitOptions, outcome: 'unknown' | 'not-applied'): void {
    limitWait(wait, options, outcome, this.#driver.options.clock, this.#deadlines);
  }

  /** A deadline that comes first stands. */
  #limitSemiSync(write: PendingWrite, semiSync: SemiSync, { deadlineMs }: WaitOptions): void {
    const { clock, electionTimeoutMs } = this.#driver.options;
    const { timeoutMs = electionTimeoutMs, onTimeout = 'fail' } = semiSync;
    if (timeoutMs === Number.POSITIVE_INFINITY) return;
    if (deadlineMs !== undefined && deadlineMs <= timeoutMs) return;
    write.limit(this.#deadlines, clock.monotonicMs() + timeoutMs, () => {
      const driver = this.#driver;
      if (onTimeout === 'degrade' && driver.degrade(write)) return;
      write.reject(semiSyncTimeout(semiSync.semiSync, timeoutMs));
    });
  }

  /**
   * Settles once `isSo`, which is looked at again with every change of membership or role.
   *
   * @param startedMs since when the deadline runs
   */
  async #until(
    isSo: (membership: Membership) => boolean,
    { signal, deadlineMs }: WaitOptions,
    startedMs: number,
  ): Promise<void> {
    const driver = this.#driver;
    if (isSo(driver.applier.membership)) return;
    const passedMs = driver.options.clock.monotonicMs() - startedMs;
    const restMs = deadlineMs === undefined ? undefined : Math.max(0, deadlineMs - passedMs);
    await new Promise<void>((resolve, reject) => {
      const wait = new Wait<void>(resolve, reject);
      this.#limit(wait, { signal, deadlineMs: restMs }, 'unknown');
      driver.endWith(wait);
      const subscription = driver.events.subscribe(event => {
        if (event.type !== 'membership' && event.type !== 'role') return;
        if (isSo(event.type === 'role' ? driver.applier.membership : event.membership)) wait.resolve();
      });
      wait.onSettled(() => subscription[Symbol.dispose]());
    });
  }
}
