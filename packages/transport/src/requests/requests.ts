import {
  type Clock,
  type GroupId,
  type NodeId,
  QuorateError,
  type Random,
  type Transport,
  type TransportHandlers,
  type WaitOptions,
  groupId,
  systemClock,
  systemRandom,
} from '@quorate/core';
import { Answerer } from './answerer.ts';
import { Asker } from './asker.ts';
import type { ByteStream } from './byte-stream.ts';
import { CallQueue, overloaded } from './call-queue.ts';
import { deadlinePassed } from './incoming-call.ts';
import { type RequestLimits, checkLimits } from './limits.ts';
import { checkInteger } from '../transport-state.ts';
import { Outbox } from './outbox.ts';
import {
  type Registration,
  type RequestContext,
  type RequestHandler,
  type StreamHandler,
  aborted,
  unavailable,
} from './request-context.ts';
import { FrameEncoder, type Method, checkMethod, readHeader, requestOverheadBytes } from './request-frame.ts';

/** How requests are made and answered. */
export interface RequestsOptions {
  /** What deadlines are measured on. Default `systemClock`. */
  readonly clock?: Clock | undefined;
  /** Where sessions are drawn from. Default `systemRandom`. */
  readonly random?: Random | undefined;
  /** The group of the transport's messages that are requests; others are left to others. Default 0. */
  readonly group?: GroupId | undefined;
  readonly limits?: Partial<RequestLimits> | undefined;
}

/** Requests and streams between peers, over any transport. */
export interface Requests extends AsyncDisposable {
  readonly transport: Transport;

  /**
   * Starts the transport. Messages of other groups go to `others`, and so does everything that is told of connections.
   *
   * @throws whatever the transport's `start` does
   */
  start(others?: TransportHandlers): Promise<void>;

  /** Answers requests until disposed. @throws RangeError when the method has a handler */
  handle(method: Method, handler: RequestHandler): Disposable;

  /** Serves streams until disposed; those that are open go on. @throws RangeError when the method has a handler */
  handleStream(method: Method, handler: StreamHandler): Disposable;

  /**
   * Asks a peer, and settles with its answer by the deadline.
   *
   * `not-applied` is certain: the handler has not run, and will not. After sending, whatever ends the wait leaves it `unknown`.
   *
   * @throws RangeError when the body does not fit into a message; TypeError
   * @throws QuorateError `UNAVAILABLE`, `OVERLOADED`, `UNKNOWN_METHOD`, `CONNECTION_LOST`, `DEADLINE_EXCEEDED`, `ABORTED`,
   *   `CLOSED`, `RESPONSE_TOO_LARGE`, `HANDLER_FAILED`, and whatever code the handler threw
   */
  request(to: NodeId, method: Method, body?: Uint8Array, options?: WaitOptions): Promise<Uint8Array>;

  /**
   * Opens a stream; settles when the peer has accepted it. The options limit the opening alone. Errors as for {@link request}.
   *
   * @param head what the handler gets with the stream
   */
  openStream(to: NodeId, method: Method, head?: Uint8Array, options?: WaitOptions): Promise<ByteStream>;
}

/**
 * Makes requests, answers and streams of a transport's messages. It does not own the transport: dispose of this one first.
 *
 * Disposing rejects what is under way (`CLOSED`), aborts the handlers and tells the peers.
 *
 * @throws RangeError for a limit that is none, and for a transport whose messages have less than 128 bytes
 */
export function createRequests(transport: Transport, options: RequestsOptions = {}): Requests {
  return new TransportRequests(transport, options);
}

const nothing = new Uint8Array(0);

/** Room for every frame that has no body, and for some of it. */
const leastMessageBytes = 128;

/** One connection: everything that was asked over it ends with it. */
interface Connection {
  readonly outbox: Outbox;
  readonly asker: Asker;
  readonly answerer: Answerer;
}

class TransportRequests implements Requests, TransportHandlers {
  readonly transport: Transport;
  readonly #context: RequestContext;
  readonly #connections: Map<NodeId, Connection> = new Map();
  #others: TransportHandlers | undefined;

  constructor(transport: Transport, options: RequestsOptions) {
    const { clock = systemClock, random = systemRandom, group = groupId(0) } = options;
    const limits = checkLimits(options.limits);
    const { messageMaxBytes } = transport.capabilities;
    checkInteger('Longest message of the transport in bytes', messageMaxBytes, leastMessageBytes, 2 ** 53);
    this.transport = transport;
    this.#context = {
      transport,
      clock,
      group,
      limits,
      session: random.uint32(),
      encoder: new FrameEncoder(messageMaxBytes),
      methods: new Map(),
      calls: new CallQueue(limits),
      counts: { nextId: 0, outstanding: 0, streams: 0 },
      closed: undefined,
    };
  }

  async start(others?: TransportHandlers): Promise<void> {
    if (this.#context.closed !== undefined) throw this.#context.closed;
    this.#others = others;
    await this.transport.start(this);
  }

  handle(method: Method, handler: RequestHandler): Disposable {
    return this.#register(method, { type: 'request', handler });
  }

  handleStream(method: Method, handler: StreamHandler): Disposable {
    return this.#register(method, { type: 'stream', handler });
  }

  async request(
    to: NodeId,
    method: Method,
    body: Uint8Array = nothing,
    options: WaitOptions = {},
  ): Promise<Uint8Array> {
    return await this.#connection(to, method, body, options).asker.request(method, body, options);
  }

  async openStream(
    to: NodeId,
    method: Method,
    head: Uint8Array = nothing,
    options: WaitOptions = {},
  ): Promise<ByteStream> {
    return await this.#connection(to, method, head, options).asker.open(method, head, options);
  }

  onMessage(from: NodeId, message: Uint8Array, group: GroupId): void {
    if (group !== this.#context.group) {
      this.#others?.onMessage(from, message, group);
      return;
    }
    const connection = this.#connections.get(from);
    if (connection === undefined) return;
    const header = readHeader(message);
    const fault =
      typeof header === 'string'
        ? header
        : (header.answer ? connection.asker : connection.answerer).receive(header, message);
    if (fault === undefined) return;
    const text = `"${from}" sent what is no request: ${fault}`;
    this.transport.disconnect?.(from, new QuorateError('PROTOCOL_VIOLATION', text));
  }

  onConnect(peer: NodeId): void {
    this.#end(peer, undefined);
    const outbox = new Outbox(this.transport, peer, this.#context.group, this.#context.limits.outboxMaxBytes);
    const asker = new Asker(this.#context, peer, outbox);
    this.#connections.set(peer, { outbox, asker, answerer: new Answerer(this.#context, peer, outbox) });
    this.#others?.onConnect?.(peer);
  }

  onDisconnect(peer: NodeId, cause: unknown): void {
    this.#end(peer, cause);
    this.#others?.onDisconnect?.(peer, cause);
  }

  onDrain(peer: NodeId): void {
    this.#connections.get(peer)?.outbox.drain();
    this.#others?.onDrain?.(peer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#context.closed !== undefined) return;
    const closed = new QuorateError('CLOSED', 'The requests were disposed of', { outcome: 'not-applied' });
    this.#context.closed = closed;
    this.#context.methods.clear();
    const lost = new QuorateError('CLOSED', 'The requests were disposed of before the answer came');
    for (const { asker, answerer } of this.#connections.values()) {
      asker.end(lost, undefined);
      answerer.end(lost, undefined);
    }
  }

  #register(method: Method, registration: Registration): Disposable {
    checkMethod(method);
    const { methods, closed } = this.#context;
    if (closed !== undefined) throw closed;
    if (methods.has(method)) throw new RangeError(`Method must not have a handler yet: "${method}" has one`);
    methods.set(method, registration);
    return {
      [Symbol.dispose]() {
        if (methods.get(method) === registration) methods.delete(method);
      },
    };
  }

  /** The connection for something new; throws when it cannot even be sent. */
  #connection(to: NodeId, method: Method, body: Uint8Array, { signal, deadlineMs }: WaitOptions): Connection {
    const { closed, counts, limits, transport } = this.#context;
    if (!(body instanceof Uint8Array))
      throw new TypeError(`Body must be a Uint8Array: received ${typeof body}`);
    const bodyMaxBytes = transport.capabilities.messageMaxBytes - requestOverheadBytes(checkMethod(method));
    if (body.length > bodyMaxBytes)
      throw new RangeError(`Body must be at most ${bodyMaxBytes} bytes: received ${body.length}`);
    if (deadlineMs !== undefined && !(deadlineMs >= 0))
      throw new RangeError(`Deadline in ms must be a number of at least 0: received ${deadlineMs}`);
    if (closed !== undefined) throw closed;
    if (signal?.aborted === true)
      throw aborted('The request was aborted before it was sent', 'not-applied', signal.reason);
    if (deadlineMs === 0) throw deadlinePassed('not-applied');
    const connection = this.#connections.get(to);
    if (connection === undefined) throw unavailable(to);
    if (counts.outstanding >= limits.outstandingMax)
      throw overloaded(`${counts.outstanding} requests are unanswered, which is the limit`);
    return connection;
  }

  #end(peer: NodeId, cause: unknown): void {
    const connection = this.#connections.get(peer);
    if (connection === undefined) return;
    this.#connections.delete(peer);
    connection.outbox.end();
    connection.asker.end(undefined, cause);
    connection.answerer.end(undefined, cause);
  }
}
