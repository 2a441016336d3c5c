import { type NodeId, QuorateError } from '@quorate/core';
import { DuplexStream } from './byte-stream.ts';
import { overloaded } from './call-queue.ts';
import { IncomingCall } from './incoming-call.ts';
import { windowMinBytes } from './limits.ts';
import type { Outbox } from './outbox.ts';
import { type RequestContext, type RequestHandler, type StreamHandler, aborted } from './request-context.ts';
import {
  type FrameHeader,
  FrameType,
  type Method,
  type RequestParts,
  headerBytes,
  readNumber,
  readRequest,
} from './request-frame.ts';
import { decodeFailure, encodeFailure } from './wire-failure.ts';

const nothing = new Uint8Array(0);

/** What one peer asks of this side over one connection. */
export class Answerer {
  readonly #context: RequestContext;
  readonly #peer: NodeId;
  readonly #outbox: Outbox;
  readonly #calls: Map<number, IncomingCall> = new Map();
  readonly #streams: Map<number, DuplexStream> = new Map();
  /** Gives back the places of calls whose answers have not left yet. */
  readonly #leaving: Set<() => void> = new Set();
  #session: number | undefined;
  /** The last id that was seen: ids grow, so what is not above it is a repetition. */
  #lastId = -1;

  constructor(context: RequestContext, peer: NodeId, outbox: Outbox) {
    this.#context = context;
    this.#peer = peer;
    this.#outbox = outbox;
  }

  /** Takes a frame from the asker; says what is wrong with it, if anything is. */
  receive(header: FrameHeader, frame: Uint8Array): string | undefined {
    const { type, session, id } = header;
    if (type === FrameType.request || type === FrameType.open) return this.#asked(header, frame);
    if (session !== this.#session) return undefined;
    if (type === FrameType.cancel) {
      this.#cancel(id);
      return undefined;
    }
    const payload = frame.subarray(headerBytes);
    const error = type === FrameType.reset ? decodeFailure(payload) : undefined;
    return this.#streams.get(id)?.receive(type, payload, readNumber(frame), error);
  }

  /** The connection has ended, or this side closes and says so: what runs is aborted. */
  end(error: QuorateError | undefined, cause: unknown): void {
    const reason = error ?? aborted(`The connection to "${this.#peer}" has ended`, 'unknown', cause);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    const mine = new Set(calls);
    this.#context.calls.forget(call => {
      if (!mine.delete(call as IncomingCall)) return false;
      if (error !== undefined) this.#refuse(call, closing('not-applied'));
      return true;
    });
    for (const call of calls) {
      if (error !== undefined && mine.has(call)) this.#refuse(call, closing('unknown'));
      call.abort(reason);
    }
    for (const stream of this.#streams.values()) {
      if (error === undefined) stream.lose(cause);
      else stream.reset(closing('unknown'));
    }
    if (error !== undefined) return;
    for (const release of this.#leaving) release();
    this.#leaving.clear();
  }

  #asked({ type, session, id }: FrameHeader, frame: Uint8Array): string | undefined {
    if (session !== this.#session) {
      // An asker that started anew, where the transport did not tell of a new connection.
      if (this.#session !== undefined) this.end(undefined, new Error('The peer has started anew'));
      this.#session = session;
      this.#lastId = -1;
    }
    if (id <= this.#lastId) return undefined;
    this.#lastId = id;
    const request = readRequest(frame);
    if (typeof request === 'string') return request;
    const isStream = type === FrameType.open;
    if (isStream ? request.windowBytes < windowMinBytes : request.windowBytes !== 0)
      return 'a window of no size';
    const found = this.#context.methods.get(request.method);
    const refusal = this.#context.closed === undefined ? undefined : closing('not-applied');
    if (refusal !== undefined) this.#refuse({ session, id }, refusal, isStream);
    else if (found?.type !== (isStream ? 'stream' : 'request'))
      this.#refuse({ session, id }, unknownMethod(request.method, isStream), isStream);
    else if (found.type === 'request') this.#admit(found.handler, request, session, id);
    else this.#accept(found.handler, request, session, id);
    return undefined;
  }

  #admit(handler: RequestHandler, request: RequestParts, session: number, id: number): void {
    const call = new IncomingCall(this.#context.clock, this.#peer, { ...request, session, id });
    this.#calls.set(id, call);
    this.#context.calls.admit({
      call,
      run: (_call, release) => this.#run(handler, call, release),
      refuse: error => {
        if (this.#calls.delete(id)) this.#refuse(call, error);
      },
    });
  }

  #run(handler: RequestHandler, call: IncomingCall, release: () => void): void {
    let result: ReturnType<RequestHandler>;
    try {
      result = handler(call);
    } catch (thrown) {
      this.#fail(call, thrown, release);
      return;
    }
    if (result === undefined || result instanceof Uint8Array) {
      this.#answer(call, result, release);
      return;
    }
    // Through a promise of the platform's, which settles once whatever somebody's own thenable does.
    Promise.resolve(result).then(
      value => this.#answer(call, value, release),
      (thrown: unknown) => this.#fail(call, thrown, release),
    );
  }

  #answer(call: IncomingCall, value: unknown, release: () => void): void {
    const body = value ?? nothing;
    if (!(body instanceof Uint8Array)) {
      this.#fail(call, new TypeError(`The handler of "${call.method}" returned no bytes`), release);
      return;
    }
    const { encoder, transport } = this.#context;
    const { messageMaxBytes } = transport.capabilities;
    if (headerBytes + body.length > messageMaxBytes) {
      this.#fail(call, tooLarge(call.method, body.length, messageMaxBytes - headerBytes), release);
      return;
    }
    this.#leave(call, release, () => encoder.body(FrameType.response, true, call.session, call.id, body));
  }

  #fail(call: IncomingCall, thrown: unknown, release: () => void): void {
    const { encoder } = this.#context;
    this.#leave(call, release, () => encoder.failure(FrameType.failure, true, call.session, call.id, thrown));
  }

  /** Sends an answer if somebody waits for it. The call keeps its place until the transport has taken it. */
  #leave(call: IncomingCall, release: () => void, encode: () => Uint8Array): void {
    call.settle();
    const awaited = this.#calls.get(call.id) === call && this.#calls.delete(call.id);
    // Past its deadline a handler fails because it was told to stop, which says nothing of what it did before.
    if (!awaited || call.abandoned) {
      release();
      return;
    }
    this.#leaving.add(release);
    this.#outbox.post(encode(), () => {
      this.#leaving.delete(release);
      release();
    });
  }

  #cancel(id: number): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#context.calls.forget(queued => queued === call);
    call.abort(aborted('The request was cancelled by its caller', 'unknown'));
  }

  #accept(handler: StreamHandler, request: RequestParts, session: number, id: number): void {
    const { counts, limits, encoder } = this.#context;
    if (counts.streams >= limits.streamsMax) {
      this.#refuse(
        { session, id },
        overloaded(`${counts.streams} streams are open, which is the limit`),
        true,
      );
      return;
    }
    const stream = new DuplexStream({
      context: this.#context,
      outbox: this.#outbox,
      peer: this.#peer,
      session,
      id,
      answering: true,
      windowBytes: request.windowBytes,
      forget: () => void this.#streams.delete(id),
    });
    counts.streams++;
    this.#streams.set(id, stream);
    this.#outbox.post(encoder.number(FrameType.accept, true, session, id, limits.windowBytes));
    void this.#serve(handler, stream, request.body);
  }

  /** The stream keeps its place until its handler has settled: else opening and cancelling would pile up handlers. */
  async #serve(handler: StreamHandler, stream: DuplexStream, head: Uint8Array): Promise<void> {
    try {
      await handler(stream, head);
      stream.finish();
    } catch (thrown) {
      // As it would arrive at the peer, so that both sides see the same error.
      stream.reset(decodeFailure(encodeFailure(thrown)) ?? aborted('The handler failed', 'unknown'));
    } finally {
      this.#context.counts.streams--;
    }
  }

  #refuse(
    call: { readonly session: number; readonly id: number },
    error: QuorateError,
    stream = false,
  ): void {
    const type = stream ? FrameType.reset : FrameType.failure;
    const { encoder } = this.#context;
    this.#outbox.post(encoder.failure(type, true, call.session, call.id, error));
  }
}

/** What peers are told of one that is disposed of. */
function closing(outcome: 'not-applied' | 'unknown'): QuorateError {
  return new QuorateError('UNAVAILABLE', 'The peer answers no more', { outcome, retryable: true });
}

function unknownMethod(method: Method, stream: boolean): QuorateError {
  const message = `The peer has no ${stream ? 'stream' : 'request'} handler for "${method}"`;
  return new QuorateError('UNKNOWN_METHOD', message, { outcome: 'not-applied' });
}

function tooLarge(method: Method, length: number, limit: number): QuorateError {
  const message = `The answer of "${method}" must be at most ${limit} bytes: it has ${length}`;
  return new QuorateError('RESPONSE_TOO_LARGE', message, { outcome: 'applied' });
}
