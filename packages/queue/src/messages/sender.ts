import {
  type Clock,
  errorCode,
  linkSignal,
  pageMax,
  type PutResult,
  type QueuePut,
  type QueueStore,
  QuorateError,
  type Random,
  sleep,
  type WaitOptions,
} from '@quorate/core';
import { Batcher } from '../batch/batcher.ts';
import { ByteRoom } from '../batch/byte-room.ts';
import { isWrongCall } from '../batch/wrong-call.ts';
import { closed, producerFull, sendUnknown } from '../queue-error.ts';
import { SenderIds } from './sender-ids.ts';
import { sentChannel } from './sent-channel.ts';

/** What a sender is made of. */
export interface SenderOptions {
  readonly store: QueueStore;
  readonly clock: Clock;
  readonly random: Random;
  /** For how long ids are remembered that the sender chooses; 0: it chooses none. */
  readonly rememberMs: number;
  /** Bytes that wait or are under way. */
  readonly inFlightMaxBytes: number;
}

/** Messages on their way together: one, or those of a topic's subscriptions. */
interface Sending {
  readonly puts: readonly QueuePut[];
  readonly bytes: number;
  /** Until when a repetition finds that its message came in before: on the monotonic clock, with a margin. */
  repeatUntilMs: number;
  state: 'waiting' | 'under way' | 'uncertain' | 'done';
  /** Takes the results of its batch, of which its own begin there. */
  resolve: (results: readonly Applied[], from: number) => void;
  reject: (error: unknown) => void;
}

export type Applied = Extract<PutResult, { readonly outcome: 'applied' }>;

/** After so long without an answer the outcome of a put is unknown. */
const callMaxMs = 15_000;
const batchMaxBytes = 2 ** 22;
const restMaxMs = 1000;

/**
 * Puts messages in batches: those of one turn together, and those that come while a put is under way together after it, in the order
 * of the calls. A put of unknown outcome is made again under the same ids until its outcome is known, so that nothing is sent twice.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #batches: Batcher<Sending>;
  readonly #ids: SenderIds;
  readonly #closed = new AbortController();
  readonly #room: ByteRoom;
  /** When what has no answer is given up, because the sender was closed. */
  #giveUpAtMs = Number.POSITIVE_INFINITY;
  #givenUpCount = 0;
  #count = 0;
  #onQuiet: (() => void) | undefined;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#room = new ByteRoom(options.clock, options.inFlightMaxBytes);
    this.#ids = new SenderIds(options.random);
    this.#batches = new Batcher({
      countMax: pageMax / 2,
      bytesMax: batchMaxBytes,
      bytesOf: ({ bytes }) => bytes,
      countOf: ({ puts }) => puts.length,
      // One at a time keeps the order of the calls.
      flightsMax: 1,
      flush: batch => this.#put(batch),
    });
  }

  get inFlightBytes(): number {
    return this.#room.bytes;
  }

  /**
   * Puts one message. Without an id it is given one where answers can be lost.
   *
   * @throws what `QueueStore.put` does; QuorateError `SEND_UNKNOWN`, `PRODUCER_FULL`, `CLOSED`
   */
  send(put: QueuePut, wait: WaitOptions): Promise<Applied> {
    return this.sendAs(put, wait, applied => applied);
  }

  /** The same, and what is made of the answer, with no promise in between. */
  sendAs<Result>(put: QueuePut, wait: WaitOptions, resultOf: (applied: Applied) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#send([put], wait, (results, from) => resolve(resultOf(results[from] as Applied)), reject);
    });
  }

  /** Puts several in one call of the store; those without an id are given one for all. */
  sendTogether(puts: readonly QueuePut[], wait: WaitOptions): Promise<readonly Applied[]> {
    if (puts.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      const { length } = puts;
      this.#send(puts, wait, (results, from) => resolve(results.slice(from, from + length)), reject);
    });
  }

  #send(
    puts: readonly QueuePut[],
    wait: WaitOptions,
    resolve: Sending['resolve'],
    reject: Sending['reject'],
  ): void {
    const { queue, message } = puts[0] as QueuePut;
    const bytes = message.body.length * puts.length;
    if (this.#closed.signal.aborted) {
      reject(closed('The producer'));
      return;
    }
    if (!this.#room.take(bytes)) {
      reject(producerFull(queue, this.#options.inFlightMaxBytes));
      return;
    }
    const named = this.#named(puts);
    const sending: Sending = {
      puts: named,
      bytes,
      repeatUntilMs: Number.NaN,
      state: 'waiting',
      resolve,
      reject,
    };
    const isBounded = wait.signal !== undefined || wait.deadlineMs !== undefined;
    if (isBounded && !this.#watch(sending, wait)) {
      this.#room.free(bytes);
      return;
    }
    this.#count++;
    this.#batches.add(sending);
  }

  hasRoom(byteCount: number): boolean {
    return this.#room.has(byteCount);
  }

  /** Settles once there was room for a message of so many bytes. */
  roomFor(byteCount: number, wait: WaitOptions): Promise<void> {
    return this.#room.roomFor(byteCount, wait);
  }

  /** Settles once at least half of the room is free. */
  ready(wait: WaitOptions): Promise<void> {
    return this.#room.ready(wait);
  }

  /** Takes no more, and settles when everything that was sent is known, or has had no answer for a while. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.#giveUpAtMs = this.#options.clock.monotonicMs() + callMaxMs;
    if (this.#count === 0) return;
    await new Promise<void>(resolve => {
      this.#onQuiet = resolve;
    });
  }

  #named(puts: readonly QueuePut[]): readonly QueuePut[] {
    const { rememberMs } = this.#options;
    if (puts[0]?.message.id !== undefined || rememberMs === 0) return puts;
    const id = this.#ids.next();
    return puts.map(({ queue, message }) => ({ queue, message: { rememberMs, ...message, id } }));
  }

  /** Gives a sending up when its caller does. Says whether it is to be sent at all. */
  #watch(sending: Sending, wait: WaitOptions): boolean {
    const linked = linkSignal(this.#options.clock, { ...wait, outcome: 'not-applied' });
    const giveUp = (): void => {
      const { code, message, retryable, cause } = linked.signal.reason as QuorateError;
      const isSent = sending.state !== 'waiting';
      const outcome = isSent ? 'unknown' : 'not-applied';
      this.#done(sending);
      if (!isSent) this.#sweep();
      reject(new QuorateError(code, message, { outcome, retryable, cause }));
    };
    const { resolve, reject } = sending;
    sending.resolve = (results, from) => {
      linked[Symbol.dispose]();
      resolve(results, from);
    };
    sending.reject = error => {
      linked[Symbol.dispose]();
      reject(error);
    };
    if (linked.signal.aborted) {
      reject(linked.signal.reason);
      return false;
    }
    linked.signal.addEventListener('abort', giveUp, { once: true });
    return true;
  }

  /** Takes out what was given up while it waited once there is as much as what is left, so that each costs little. */
  #sweep(): void {
    if (++this.#givenUpCount < this.#count) return;
    this.#givenUpCount = 0;
    this.#batches.keep(({ state }) => state !== 'done');
  }

  async #put(taken: readonly Sending[]): Promise<void> {
    const batch = taken.filter(({ state }) => state !== 'done');
    if (batch.length === 0) return;
    const { store, clock } = this.#options;
    const nowMs = clock.monotonicMs();
    let deadlineMs = callMaxMs;
    for (const sending of batch) {
      if (sending.state === 'waiting') {
        sending.state = 'under way';
        // A tenth is kept as a margin for clocks that go at different speeds.
        sending.repeatUntilMs = nowMs + 0.9 * (sending.puts[0]?.message.rememberMs ?? 0);
      } else if (sending.state === 'uncertain') {
        // Nor may it still be on its way by then.
        deadlineMs = Math.min(deadlineMs, Math.max(1, sending.repeatUntilMs - nowMs));
      }
    }
    const puts: QueuePut[] = [];
    for (const sending of batch) for (const put of sending.puts) puts.push(put);
    let results: readonly PutResult[];
    try {
      results = await store.put(puts, { deadlineMs });
    } catch (thrown) {
      await this.#failed(batch, thrown);
      return;
    }
    let uncertain: Sending[] | undefined;
    let from = 0;
    for (const sending of batch) {
      if (areApplied(results, from, sending.puts.length)) this.#applied(sending, results, from);
      else if (sending.state !== 'done') {
        sending.state = 'uncertain';
        (uncertain ??= []).push(sending);
      }
      from += sending.puts.length;
    }
    if (uncertain !== undefined) await this.#again(uncertain);
  }

  #applied(sending: Sending, results: readonly PutResult[], from: number): void {
    if (sending.state === 'done') return;
    this.#done(sending);
    sending.resolve(results as readonly Applied[], from);
    if (!sentChannel.active) return;
    for (const [index, { queue, message }] of sending.puts.entries()) {
      const { id, duplicate } = results[from + index] as Applied;
      sentChannel.publish({ queue, id, duplicate, bytes: message.body.length });
    }
  }

  async #failed(batch: readonly Sending[], thrown: unknown): Promise<void> {
    if (isWrongCall(thrown) && batch.length > 1) {
      // One of them is wrong: the halves find out which.
      await this.#put(batch.slice(0, batch.length / 2));
      await this.#put(batch.slice(batch.length / 2));
      return;
    }
    const uncertain: Sending[] = [];
    for (const sending of batch) {
      if (sending.state === 'uncertain') uncertain.push(sending);
      else if (sending.state !== 'done') {
        this.#done(sending);
        sending.reject(thrown);
      }
    }
    if (uncertain.length > 0) await this.#again(uncertain, thrown);
  }

  /** What is not known to be in is put again before anything else is, so that the order stays. */
  async #again(uncertain: readonly Sending[], thrown?: unknown): Promise<void> {
    const { clock, random } = this.#options;
    await sleep(clock, random.float() * restMaxMs);
    const open: Sending[] = [];
    for (const sending of uncertain) {
      if (sending.state === 'done') continue;
      const untilMs = Math.min(sending.repeatUntilMs, this.#giveUpAtMs);
      if (clock.monotonicMs() < untilMs && errorCode(thrown) !== 'CLOSED') open.push(sending);
      else {
        this.#done(sending);
        const [first] = sending.puts;
        sending.reject(sendUnknown(first?.queue, first?.message.id, thrown));
      }
    }
    if (open.length > 0) await this.#put(open);
  }

  #done(sending: Sending): void {
    sending.state = 'done';
    this.#room.free(sending.bytes);
    if (--this.#count === 0) this.#onQuiet?.();
  }
}

function areApplied(results: readonly PutResult[], from: number, count: number): boolean {
  for (let index = from; index < from + count; index++)
    if (results[index]?.outcome !== 'applied') return false;
  return true;
}
