import {
  type Clock,
  invariant,
  type LeasedMessage,
  type LeaseQuery,
  type QueuePartition,
  type Timer,
} from '@quorate/core';
import { type QueueRecord, RecordWriter } from '../../queue/queue-record.ts';
import type { QueueReplica, StepResult } from '../../queue/queue-replica.ts';
import type { QueueStep } from '../../queue/queue-step.ts';
import { closed, unavailable } from '../../unavailable.ts';
import type { Answers } from './answers.ts';
import { QueueFollower, type QueueFollowerOptions } from './queue-follower.ts';

export interface QueueLogOptions
  extends Omit<QueueFollowerOptions, 'writer' | 'onReady' | 'onState' | 'onOwn' | 'onImageDue' | 'onReset'> {
  /** The largest record. */
  readonly recordMaxBytes: number;
  /** How long it may take until a record that was stored is heard of, ms. */
  readonly timeoutMs: number;
}

/** What is to be done, and who waits for what it comes to. */
interface Call {
  readonly steps: readonly QueueStep[];
  /** What it comes to whatever else was done: it needs only to be stored. */
  readonly known: readonly StepResult[] | undefined;
  readonly signal: AbortSignal | undefined;
  /** Told the results of its record, in which its own begin at `from`. */
  readonly settle: (results: readonly StepResult[], from: number, replica: QueueReplica | undefined) => void;
  readonly reject: (thrown: unknown) => void;
}

/** A record that was sent, and is not known to be carried out: its calls, each with the place of its first step. */
interface Sent {
  calls: readonly (readonly [call: Call, from: number])[];
  timer: Timer | undefined;
}

/** Calls share a record up to this size and so many steps; one that is larger has one for itself. */
const sharedMaxBytes = 131_072;
const sharedMaxSteps = 2000;

/** How many records are on their way at once: what comes meanwhile makes up the next. */
const sentMax = 2;

/** The calls of one client on one partition: a record for all that come at once, and what it comes to when it comes back. */
export class QueueLog {
  readonly follower: QueueFollower;
  readonly #options: QueueLogOptions;
  readonly #subject: string;
  /** Its own: another log of this client, also of the same partition, begins to number its records anew. */
  readonly #writer: string;
  readonly #calls: Call[] = [];
  readonly #sent = new Map<number, Sent>();
  readonly #readyWatches = new Map<string, Set<() => void>>();
  readonly #stateWatches = new Map<(key: string) => void, string>();
  #number = 0;
  #unanswered = 0;
  #isRunning = false;
  #probe: Promise<boolean> | undefined;
  #nextProbe: Promise<boolean> | undefined;
  #usedMs: number;

  constructor(options: QueueLogOptions) {
    this.#options = options;
    this.#subject = options.subjects.log(options.token);
    this.#writer = Buffer.from(options.random.bytes(8)).toString('base64url');
    this.#usedMs = options.clock.monotonicMs();
    this.follower = new QueueFollower({
      ...options,
      writer: this.#writer,
      onReady: queue => this.#tellReady(queue),
      onState: key => this.#tellState(key),
      onOwn: (record, results) => this.#onOwn(record, results),
      onImageDue: () => this.do([{ type: 'image' }], undefined),
      onReset: () => this.#onReset(),
    });
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** For how long nobody has used it, ms; 0 while somebody does. */
  get idleMs(): number {
    const isUsed =
      this.#calls.length + this.#sent.size + this.#readyWatches.size + this.#stateWatches.size > 0;
    const nowMs = this.clock.monotonicMs();
    if (isUsed) this.#usedMs = nowMs;
    return nowMs - this.#usedMs;
  }

  /** Somebody is about to use it. */
  use(): void {
    this.#usedMs = this.clock.monotonicMs();
  }

  /** Carries out steps together, and gives what they come to. */
  do(steps: readonly QueueStep[], signal: AbortSignal | undefined): Promise<readonly StepResult[]> {
    return new Promise((resolve, reject) => {
      const settle: Call['settle'] = (results, from) => resolve(results.slice(from, from + steps.length));
      this.#add({ steps, known: undefined, signal, settle, reject });
    });
  }

  /**
   * Carries out one step of a call that has more, and tells what it comes to.
   *
   * @param known what that is whatever else was done: it needs only to be stored
   */
  doOne<Result extends StepResult>(
    step: QueueStep,
    known: Result | undefined,
    signal: AbortSignal | undefined,
    answers: Answers<Result>,
    place: number,
  ): void {
    this.#add({
      steps: [step],
      known: known && [known],
      signal,
      settle: (results, from) => answers.settle(place, results[from] as Result),
      reject: thrown => answers.reject(place, thrown),
    });
  }

  /** What is ready when its turn comes. */
  async lease(
    queue: string,
    query: LeaseQuery,
    signal: AbortSignal | undefined,
  ): Promise<readonly LeasedMessage[]> {
    const [messages] = await this.do([{ type: 'lease', queue, query }], signal);
    return messages as readonly LeasedMessage[];
  }

  /** Looks at the partition as it is after all that was stored before. */
  look<Result>(
    read: (partition: QueuePartition, nowMs: number) => Result,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      const settle: Call['settle'] = (_results, _from, replica) => {
        invariant(replica?.partition !== undefined, 'A record was carried out');
        resolve(read(replica.partition, replica.nowMs));
      };
      this.#add({ steps: [], known: undefined, signal, settle, reject });
    });
  }

  /** The same, without writing anything where the copy has everything that was stored before; the time is about the server's. */
  async peek<Result>(
    read: (partition: QueuePartition | undefined, logMs: number, nowMs: number) => Result,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    this.follower.keep();
    await this.follower.live();
    const isLatest = await this.isLatest();
    const { replica } = this.follower;
    if (!isLatest || replica === undefined) {
      return this.look((partition, nowMs) => read(partition, nowMs, nowMs), signal);
    }
    return read(replica.partition, replica.nowMs, Math.max(replica.nowMs, this.follower.nowMs()));
  }

  /** Whether the copy has everything that was stored before the call. Those who ask at once share an answer. */
  isLatest(): Promise<boolean> {
    if (this.#probe === undefined) {
      const probe = this.#ask().finally(() => (this.#probe = undefined));
      this.#probe = probe;
      return probe;
    }
    // One that began before this call does not count.
    const before = this.#probe;
    this.#nextProbe ??= before
      .catch(() => {})
      .then(() => {
        this.#nextProbe = undefined;
        return this.isLatest();
      });
    return this.#nextProbe;
  }

  watchReady(queue: string, tell: () => void): Disposable {
    const watches = this.#readyWatches.get(queue) ?? new Set();
    this.#readyWatches.set(queue, watches);
    watches.add(tell);
    this.follower.keep();
    return {
      [Symbol.dispose]: () => {
        watches.delete(tell);
        if (watches.size === 0) this.#readyWatches.delete(queue);
        this.use();
      },
    };
  }

  watchState(prefix: string, tell: (key: string) => void): Disposable {
    const own = (key: string): void => tell(key);
    this.#stateWatches.set(own, prefix);
    this.follower.keep();
    return {
      [Symbol.dispose]: () => {
        this.#stateWatches.delete(own);
        this.use();
      },
    };
  }

  /** The connection broke, or is there again. */
  onConnection(isConnected: boolean): void {
    if (isConnected) {
      if (this.follower.isWanted) this.follower.keep();
      return;
    }
    this.follower.pause();
    this.#giveUpAll('The connection to NATS broke before it was known what became of it');
  }

  close(): void {
    this.follower.stop();
    this.#giveUpAll('The store was closed before it was known what became of it');
    for (const { reject } of this.#calls.splice(0)) reject(closed());
  }

  #add(call: Call): void {
    this.#calls.push(call);
    this.#wake();
  }

  #wake(): void {
    if (this.#isRunning || this.#calls.length === 0 || this.#unanswered >= sentMax) return;
    this.#isRunning = true;
    // Those that come in the same turn of the loop go together.
    setImmediate(() => void this.#run());
  }

  async #run(): Promise<void> {
    try {
      while (this.#calls.length > 0 && this.#unanswered < sentMax) {
        if (!this.#isReady()) await this.#ready();
        this.#send();
      }
    } catch (thrown) {
      for (const { reject } of this.#calls.splice(0)) reject(thrown);
    } finally {
      this.#isRunning = false;
    }
    this.#wake();
  }

  #isReady(): boolean {
    if (!this.#options.api.requests.isConnected) return false;
    return this.follower.isLive || this.#calls.every(({ known }) => known !== undefined);
  }

  async #ready(): Promise<void> {
    await this.#options.api.requests.ready();
    if (this.#isReady()) return;
    this.follower.keep();
    await this.follower.live();
  }

  #send(): void {
    const { api, recordMaxBytes } = this.#options;
    const number = ++this.#number;
    const record = new RecordWriter(this.#writer, number);
    const calls: (readonly [Call, number])[] = [];
    let taken = 0;
    for (const call of this.#calls) {
      if (call.signal?.aborted) {
        call.reject(unavailable('The call was given up before it was sent', false));
      } else {
        const maxBytes = calls.length === 0 ? recordMaxBytes : Math.min(sharedMaxBytes, recordMaxBytes);
        const from = record.stepCount;
        if (record.add(call.steps, maxBytes)) calls.push([call, from]);
        else if (calls.length > 0) break;
        else call.reject(tooLarge(recordMaxBytes));
      }
      taken++;
      if (record.stepCount >= sharedMaxSteps) break;
    }
    this.#calls.splice(0, taken);
    if (calls.length === 0) return;
    const sent: Sent = { calls, timer: undefined };
    this.#sent.set(number, sent);
    this.#unanswered++;
    api
      .append(this.#subject, record.done())
      .finally(() => this.#unanswered--)
      .then(
        () => this.#onStored(number, sent),
        (thrown: unknown) => this.#giveUp(number, thrown),
      )
      .finally(() => this.#wake());
  }

  /** Those of which it is known what they come to need not wait until it is heard of. */
  #onStored(number: number, sent: Sent): void {
    if (this.#sent.get(number) !== sent) return;
    for (const [{ known, settle }] of sent.calls) if (known !== undefined) settle(known, 0, undefined);
    sent.calls = sent.calls.filter(([{ known }]) => known === undefined);
    if (sent.calls.length === 0) {
      this.#sent.delete(number);
      return;
    }
    const { timeoutMs } = this.#options;
    const why = `The record was stored, and not heard of within ${timeoutMs} ms`;
    sent.timer = this.clock.setTimer(timeoutMs, () => this.#giveUp(number, unavailable(why, true)));
    sent.timer.unref();
  }

  #giveUp(number: number, thrown: unknown): void {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    this.#sent.delete(number);
    sent.timer?.cancel();
    for (const [{ reject }] of sent.calls) reject(thrown);
  }

  #giveUpAll(message: string): void {
    const thrown = unavailable(message, true);
    for (const number of this.#sent.keys()) this.#giveUp(number, thrown);
  }

  /** A record of this client was carried out. */
  #onOwn(record: QueueRecord, results: readonly StepResult[]): void {
    const sent = this.#sent.get(record.number);
    if (sent === undefined) return;
    this.#sent.delete(record.number);
    sent.timer?.cancel();
    for (const [{ settle }, from] of sent.calls) settle(results, from, this.follower.replica);
  }

  #onReset(): void {
    this.#giveUpAll('The log was read anew before it was known what became of it');
    for (const queue of this.#readyWatches.keys()) this.#tellReady(queue);
    for (const [tell, prefix] of this.#stateWatches) tell(prefix);
  }

  async #ask(): Promise<boolean> {
    const { replica } = this.follower;
    if (replica === undefined) return false;
    const stored = await this.#options.api.nextOf(this.#subject, replica.sequence + 1);
    return stored === undefined;
  }

  #tellReady(queue: string): void {
    const watches = this.#readyWatches.get(queue);
    if (watches !== undefined) for (const tell of watches) tell();
  }

  #tellState(key: string): void {
    if (this.#stateWatches.size === 0) return;
    for (const [tell, prefix] of this.#stateWatches) if (key.startsWith(prefix)) tell(key);
  }
}

function tooLarge(maxBytes: number): RangeError {
  return new RangeError(`A call must fit a message of ${maxBytes} bytes: received more`);
}
