import type { GroupId, NodeId, Transport } from '@quorate/core';
import { Assembly, frameKinds, framesOf, readFrame } from './frame.ts';
import { Outbox } from './outbox.ts';
import { isHeld } from './serve-request.ts';
import type { ServeStoreOptions } from './store-server.ts';
import { decodeValue, encodeValue, type WireValue } from './value-codec.ts';
import { encodeError } from './wire-error.ts';

/** What requests of one peer and answers to it may have in bytes, unless the server says otherwise. */
export const defaultMaxBytes = 16_777_216;

/** The longest frame that is made, so that a large answer does not keep small ones waiting for long. */
export const frameMaxBytes = 65_536;

/** What a request that would have to be held is answered where too many are. */
const tooMany: WireValue = {
  error: {
    type: 'QuorateError',
    code: 'UNAVAILABLE',
    message: 'Too many requests are under way',
    retryable: true,
    outcome: 'not-applied',
  },
};

type Serve = (verb: WireValue, args: readonly WireValue[], signal: AbortSignal) => Promise<WireValue>;

/** How a peer is served. */
export interface ServedPeerOptions extends ServeStoreOptions {
  readonly group: GroupId;
  /** Carries out one request. */
  readonly serve: Serve;
  /** Told when the peer has broken the protocol, or is too slow. */
  readonly onEnd: () => void;
}

/** One connection of one peer at the server: what it has asked for, and what it is yet to be told. */
export class ServedPeer {
  readonly #transport: Transport;
  readonly #peer: NodeId;
  readonly #serve: Serve;
  readonly #outbox: Outbox;
  readonly #requests: Assembly;
  readonly #requestsMax: number;
  readonly #frameMaxBytes: number;
  readonly #onEnd: () => void;
  /** Those under way, by epoch and id. */
  readonly #waiting = new Map<string, AbortController>();
  /** How many of them are held until something happens. */
  #heldCount = 0;
  /** Sends what watches are to be told once all answers before it have left. */
  #untold: (() => void)[] = [];
  #isEnded = false;

  constructor(transport: Transport, peer: NodeId, options: ServedPeerOptions) {
    const {
      outgoingMaxBytes = defaultMaxBytes,
      requestMaxBytes = defaultMaxBytes,
      requestsMax = 10_000,
    } = options;
    this.#transport = transport;
    this.#peer = peer;
    this.#serve = options.serve;
    this.#outbox = new Outbox(transport, peer, options.group, outgoingMaxBytes);
    this.#requests = new Assembly(requestMaxBytes);
    this.#requestsMax = requestsMax;
    this.#onEnd = options.onEnd;
    this.#frameMaxBytes = Math.min(frameMaxBytes, transport.capabilities.messageMaxBytes);
  }

  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Takes a message. One that is none costs the connection it came by. */
  receive(message: Uint8Array): void {
    if (this.#isEnded) return;
    try {
      const frame = readFrame(message);
      const key = `${frame.epoch}/${frame.id}`;
      if (frame.kind === frameKinds.cancel) {
        this.#waiting.get(key)?.abort();
        return;
      }
      if (frame.kind !== frameKinds.request)
        throw new RangeError(`Frame must be a request: received ${frame.kind}`);
      const request = this.#requests.take(frame);
      if (request === undefined) return;
      const [verb, ...args] = decodeRequest(request);
      if (this.#waiting.has(key))
        throw new RangeError(`Request must have an id of its own: received ${frame.id}`);
      void this.#carryOut(frame.epoch, frame.id, verb, args);
    } catch (cause) {
      this.#refuse(cause);
    }
  }

  drain(): void {
    if (this.#isEnded) return;
    if (!this.#outbox.drain()) this.#outbox.clear();
    while (this.#outbox.isEmpty && this.#untold.length > 0) this.#untold.shift()?.();
  }

  /** Nobody waits for anything any more. */
  end(): void {
    this.#isEnded = true;
    this.#outbox.clear();
    this.#requests.clear();
    for (const controller of this.#waiting.values()) controller.abort();
    this.#waiting.clear();
    this.#untold = [];
  }

  async #carryOut(epoch: number, id: number, verb: WireValue, args: readonly WireValue[]): Promise<void> {
    const held = isHeld(verb) ? 1 : 0;
    // What is done at once is never refused: whoever waits for much must still renew its sessions and give locks back.
    if (this.#heldCount + held > this.#requestsMax) {
      this.#answer(epoch, id, tooMany);
      return;
    }
    const controller = new AbortController();
    const key = `${epoch}/${id}`;
    this.#waiting.set(key, controller);
    this.#heldCount += held;
    const answer = await this.#serve(verb, args, controller.signal).then(
      result => ({ result }),
      (thrown: unknown) => ({ error: encodeError(thrown) }),
    );
    const tell = (): void => {
      this.#heldCount -= held;
      if (this.#waiting.get(key) === controller) this.#waiting.delete(key);
      this.#answer(epoch, id, answer);
    };
    // Whoever watches much on a slow connection is told one thing after the other, of changes that the memory holds anyway. Cut off
    // for it, it would ask for the same again.
    if (verb === 'watch' && !this.#outbox.isEmpty) this.#untold.push(tell);
    else tell();
  }

  #answer(epoch: number, id: number, answer: WireValue): void {
    if (this.#isEnded) return;
    const frames = framesOf(frameKinds.answer, epoch, id, encodeValue(answer), this.#frameMaxBytes);
    // Without a connection the client knows as well; one that does not take its answers has it ended.
    if (this.#outbox.send(frames) === undefined)
      this.#refuse(new RangeError('Answers were not taken for too long'));
  }

  #refuse(cause: unknown): void {
    this.end();
    this.#onEnd();
    this.#transport.disconnect?.(this.#peer, cause);
  }
}

function decodeRequest(bytes: Uint8Array): readonly WireValue[] {
  const request = decodeValue(bytes);
  if (Array.isArray(request)) return request as readonly WireValue[];
  throw new RangeError('Request must be a list');
}
