import type { NodeId, QuorateError, Timer, WaitOptions } from '@quorate/core';
import { DuplexStream } from './byte-stream.ts';
import { overloaded } from './call-queue.ts';
import { deadlinePassed } from './incoming-call.ts';
import { windowMinBytes } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { type RequestContext, aborted, connectionLost, unavailable } from './request-context.ts';
import { type FrameHeader, FrameType, type Method, headerBytes, readNumber } from './request-frame.ts';
import { decodeFailure } from './wire-failure.ts';

/** What waits for an answer. */
interface Pending {
  readonly stream: boolean;
  readonly resolve: (answer: Uint8Array | DuplexStream) => void;
  readonly reject: (error: QuorateError) => void;
  readonly timer: Timer | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: (() => void) | undefined;
}

/** What this side asks of one peer over one connection. */
export class Asker {
  readonly #context: RequestContext;
  readonly #peer: NodeId;
  readonly #outbox: Outbox;
  readonly #pending: Map<number, Pending> = new Map();
  readonly #streams: Map<number, DuplexStream> = new Map();

  constructor(context: RequestContext, peer: NodeId, outbox: Outbox) {
    this.#context = context;
    this.#peer = peer;
    this.#outbox = outbox;
  }

  request(method: Method, body: Uint8Array, options: WaitOptions): Promise<Uint8Array> {
    return this.#ask(method, body, options, 0) as Promise<Uint8Array>;
  }

  open(method: Method, head: Uint8Array, options: WaitOptions): Promise<DuplexStream> {
    const { counts, limits } = this.#context;
    if (counts.streams >= limits.streamsMax)
      return Promise.reject(overloaded(`${counts.streams} streams are open, which is the limit`));
    return this.#ask(method, head, options, limits.windowBytes) as Promise<DuplexStream>;
  }

  /** Takes a frame from the one who was asked; says what is wrong with it, if anything is. */
  receive({ type, id, session }: FrameHeader, frame: Uint8Array): string | undefined {
    if (session !== this.#context.session) return undefined; // For an asker of our name that is gone.
    const payload = frame.subarray(headerBytes);
    const isFailure = type === FrameType.failure || type === FrameType.reset;
    const error = isFailure ? decodeFailure(payload) : undefined;
    if (isFailure && error === undefined) return 'an error that is none';
    const pending = this.#pending.get(id);
    if (pending === undefined) {
      // Answers to what was given up come late and are dropped.
      return this.#streams.get(id)?.receive(type, payload, readNumber(frame), error);
    }
    if (error !== undefined) {
      if (pending.stream !== (type === FrameType.reset)) return 'an answer of another kind';
      this.#settle(id, pending);
      pending.reject(error);
    } else if (type === FrameType.response && !pending.stream) {
      this.#settle(id, pending);
      pending.resolve(new Uint8Array(payload));
    } else if (type === FrameType.accept && pending.stream) {
      const windowBytes = readNumber(frame);
      if (windowBytes === undefined || windowBytes < windowMinBytes) return 'a window of no size';
      this.#settle(id, pending);
      pending.resolve(this.#stream(id, windowBytes));
    } else return 'an answer of another kind';
    return undefined;
  }

  /** The connection has ended, or this side closes: nothing is answered any more. */
  end(error: QuorateError | undefined, cause: unknown): void {
    for (const [id, pending] of this.#pending) {
      this.#settle(id, pending);
      if (error !== undefined) this.#withdraw(id, pending, error);
      pending.reject(error ?? connectionLost(this.#peer, cause));
    }
    for (const stream of this.#streams.values()) {
      if (error === undefined) stream.lose(cause);
      else stream.reset(error);
    }
  }

  #ask(
    method: Method,
    body: Uint8Array,
    options: WaitOptions,
    windowBytes: number,
  ): Promise<Uint8Array | DuplexStream> {
    const { deadlineMs = Number.POSITIVE_INFINITY, signal } = options;
    return new Promise((resolve, reject) => {
      const { counts, encoder, session, clock } = this.#context;
      const id = counts.nextId++;
      const parts = { method, body, remainingMs: deadlineMs, windowBytes };
      const result = this.#outbox.offer(encoder.request(session, id, parts));
      if (result !== 'sent') throw result === 'full' ? full(this.#peer) : unavailable(this.#peer);
      const giveUp = (error: QuorateError): void => this.#giveUp(id, error);
      const timed = deadlineMs !== Number.POSITIVE_INFINITY;
      const timer = timed ? clock.setTimer(deadlineMs, () => giveUp(deadlinePassed('unknown'))) : undefined;
      const onAbort =
        signal && (() => giveUp(aborted('The request was aborted by its caller', 'unknown', signal.reason)));
      if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
      this.#pending.set(id, { stream: windowBytes > 0, resolve, reject, timer, signal, onAbort });
      counts.outstanding++;
      if (windowBytes > 0) counts.streams++;
    });
  }

  #giveUp(id: number, error: QuorateError): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#settle(id, pending);
    this.#withdraw(id, pending, error);
    pending.reject(error);
  }

  /** Tells the peer that nobody waits any more. */
  #withdraw(id: number, { stream }: Pending, error: QuorateError): void {
    const { encoder, session } = this.#context;
    if (stream) this.#outbox.post(encoder.failure(FrameType.reset, false, session, id, error));
    else this.#outbox.post(encoder.bare(FrameType.cancel, false, session, id));
  }

  #settle(id: number, { timer, signal, onAbort, stream }: Pending): void {
    this.#pending.delete(id);
    this.#context.counts.outstanding--;
    if (stream) this.#context.counts.streams--;
    timer?.cancel();
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
  }

  #stream(id: number, windowBytes: number): DuplexStream {
    const { session, counts } = this.#context;
    const stream = new DuplexStream({
      context: this.#context,
      outbox: this.#outbox,
      peer: this.#peer,
      session,
      id,
      answering: false,
      windowBytes,
      forget: () => {
        this.#streams.delete(id);
        counts.streams--;
      },
    });
    counts.streams++;
    this.#streams.set(id, stream);
    return stream;
  }
}

function full(peer: NodeId): QuorateError {
  return overloaded(`What waits to be sent to "${peer}" is at its limit`);
}
