import {
  type Clock,
  type GroupId,
  groupId,
  type NodeId,
  QuorateError,
  type Random,
  type Timer,
  type Transport,
} from '@quorate/core';
import { Assembly, frameKinds, framesOf, readFrame } from './frame.ts';
import { Outbox, type Sent } from './outbox.ts';
import { frameMaxBytes } from './served-peer.ts';
import { decodeValue, encodeValue, type WireValue } from './value-codec.ts';
import { decodeError } from './wire-error.ts';

/** How a served store is reached. */
export interface RemoteLinkOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What messages are sent to at the server. Default 0. */
  readonly group?: GroupId;
  /** How long an answer is waited for until it is taken for lost, ms. Default 5,000. */
  readonly patienceMs?: number;
  /** How many bytes of requests may wait for a slow server before more are refused. Default 16 MiB. */
  readonly outgoingMaxBytes?: number;
}

interface Pending extends Sent {
  readonly resolve: (result: WireValue) => void;
  readonly reject: (thrown: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  timer: Timer | undefined;
}

/** Limits on how a request is waited for. */
export interface RequestOptions {
  /** Forgets the request, which gives nothing then, and tells the server so. */
  readonly signal?: AbortSignal | undefined;
  /** Where the server may hold its answer: asks for it after so long. */
  readonly holdMs?: number;
}

const answerMaxBytes = 2 ** 30;

/**
 * A client's end of the protocol. A request whose answer does not come, or whose connection ends after it had left, may have been
 * carried out: `unknown`. One that was taken back before it began to leave, or that had not left whole when its connection ended,
 * was certainly not.
 */
export class RemoteLink {
  readonly clock: Clock;
  /** What the server takes, once it has said so: a larger request would cost the connection. */
  requestMaxBytes: number = Number.POSITIVE_INFINITY;
  readonly #transport: Transport;
  readonly #server: NodeId;
  readonly #group: GroupId;
  readonly #epoch: number;
  readonly #patienceMs: number;
  readonly #frameMaxBytes: number;
  readonly #outbox: Outbox;
  readonly #answers = new Assembly(answerMaxBytes);
  readonly #pending = new Map<number, Pending>();
  readonly #onChange = new Set<() => void>();
  #lastId = 0;

  constructor(transport: Transport, server: NodeId, options: RemoteLinkOptions) {
    const { group = groupId(0), patienceMs = 5000, outgoingMaxBytes = 16_777_216 } = options;
    this.clock = options.clock;
    this.#transport = transport;
    this.#server = server;
    this.#group = group;
    this.#epoch = options.random.uint32();
    this.#patienceMs = patienceMs;
    this.#frameMaxBytes = Math.min(frameMaxBytes, transport.capabilities.messageMaxBytes);
    this.#outbox = new Outbox(transport, server, group, outgoingMaxBytes);
  }

  start(): Promise<void> {
    return this.#transport.start({
      onMessage: (from, message, group) => {
        if (from === this.#server && group === this.#group) this.#receive(message);
      },
      onConnect: peer => {
        if (peer === this.#server) this.#onConnection();
      },
      onDisconnect: (peer, cause) => {
        if (peer !== this.#server) return;
        this.#onConnection();
        this.fail('The connection to the store ended', cause);
      },
      onDrain: peer => {
        if (peer === this.#server && !this.#outbox.drain()) this.#outbox.clear();
      },
    });
  }

  /** Settles when a connection came or went, or the time is over. */
  connectionChange(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        this.#onChange.delete(end);
        timer.cancel();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = this.clock.setTimer(waitMs, end);
      timer.unref();
      this.#onChange.add(end);
      if (signal?.aborted) end();
      else signal?.addEventListener('abort', end, { once: true });
    });
  }

  /**
   * Asks the server.
   *
   * @throws QuorateError `UNAVAILABLE`, with the outcome `unknown` where it may have been carried out
   * @throws RangeError where it is larger than the server takes
   */
  request(
    verb: string,
    args: readonly WireValue[],
    { signal, holdMs = 0 }: RequestOptions = {},
  ): Promise<WireValue> {
    const id = (this.#lastId = (this.#lastId + 1) >>> 0);
    const body = encodeValue([verb, ...args]);
    if (body.length > this.requestMaxBytes) {
      const limits = `at most ${this.requestMaxBytes} bytes: received ${body.length}`;
      return Promise.reject(new RangeError(`Request for a ${verb} must be ${limits}`));
    }
    const sent = this.#outbox.send(framesOf(frameKinds.request, this.#epoch, id, body, this.#frameMaxBytes));
    if (sent === undefined) {
      return Promise.reject(unavailable('The store cannot be reached', 'not-applied'));
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => this.#forget(id);
      const pending: Pending = {
        resolve,
        reject,
        ...sent,
        signal,
        onAbort,
        timer: undefined,
      };
      this.#pending.set(id, pending);
      const lose = (): void => {
        const outcome = pending.withdraw() ? 'not-applied' : 'unknown';
        this.#settle(id)?.reject(unavailable('The answer of the store did not come', outcome));
      };
      const ask = (): void => {
        if (holdMs > 0) this.#cancel(id);
        pending.timer = this.clock.setTimer(this.#patienceMs, lose);
      };
      if (holdMs > 0) pending.timer = this.clock.setTimer(holdMs, ask);
      else ask();
      if (signal?.aborted) onAbort();
      else signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Everything that is waited for is lost. */
  fail(why: string, cause?: unknown): void {
    for (const [id, { hasLeft }] of this.#pending) {
      const outcome = hasLeft() ? 'unknown' : 'not-applied';
      this.#settle(id)?.reject(unavailable(why, outcome, cause));
    }
    this.#outbox.clear();
    this.#answers.clear();
  }

  #onConnection(): void {
    for (const look of this.#onChange) look();
  }

  #receive(message: Uint8Array): void {
    try {
      const frame = readFrame(message);
      if (frame.kind !== frameKinds.answer)
        throw new RangeError(`Frame must be an answer: received ${frame.kind}`);
      const body = this.#answers.take(frame);
      // An answer to a client before this one, or to a request that nobody waits for any more.
      if (body === undefined || frame.epoch !== this.#epoch || !this.#pending.has(frame.id)) return;
      const { result, error } = decodeValue(body) as {
        readonly result?: WireValue;
        readonly error?: WireValue;
      };
      const pending = this.#settle(frame.id);
      if (error === undefined) pending?.resolve(result);
      else pending?.reject(decodeError(error));
    } catch (cause) {
      this.#transport.disconnect?.(this.#server, cause);
      this.fail('The store answered with what is no answer', cause);
    }
  }

  /** Nobody waits for it any more. */
  #forget(id: number): void {
    const pending = this.#settle(id);
    if (pending === undefined) return;
    this.#cancel(id);
    pending.resolve(undefined);
  }

  #cancel(id: number): void {
    // Were it left out, the server would hold the request for as long as the connection lasts.
    const frames = framesOf(frameKinds.cancel, this.#epoch, id, new Uint8Array(), this.#frameMaxBytes);
    this.#outbox.send(frames, true);
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.timer?.cancel();
    pending?.signal?.removeEventListener('abort', pending.onAbort);
    return pending;
  }
}

function unavailable(message: string, outcome: 'not-applied' | 'unknown', cause?: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, {
    retryable: true,
    outcome,
    ...(cause === undefined ? {} : { cause }),
  });
}
