import {
  type GroupId,
  type NodeId,
  QuorateError,
  type SendResult,
  type TransportHandlers,
  idLengthMax,
} from '@quorate/core';
import { type Port, listen } from '@quorate/threads';
import { BatchReader, BatchWriter, recordBytes } from './port-batches.ts';
import { reportUncaught } from './report-uncaught.ts';

/** Limits of a {@link PortLink}, in bytes. */
export interface PortLimits {
  readonly messageMaxBytes: number;
  readonly queueMaxBytes: number;
  readonly windowBytes: number;
}

/** What the transport gives each of its links. */
export interface PortLinkHost {
  readonly self: NodeId;
  readonly limits: PortLimits;
  readonly handlers: TransportHandlers | undefined;
  /** The peer has said who it is. Refuses by an error. */
  named(link: PortLink, peer: NodeId): QuorateError | undefined;
  /** The link is over. */
  ended(link: PortLink): void;
}

/** The first message each way. */
interface Hello {
  readonly quorate: 'transport';
  readonly version: 1;
  readonly self: string;
  /** How much its sender takes in advance. */
  readonly windowBytes: number;
}

/**
 * What travels: a hello, then batches as buffers, bytes that were taken as numbers, and `null` as the last word. Whoever has
 * taken a part of the window says so, in its next batch or by itself.
 */
type Wire = Hello | ArrayBuffer | number | null;

/** Up to this length a batch is copied to the other thread, and moved above. */
const copiedBytesMax = 1024;

/** One connection over one port. It ends once and is not renewed: ports come in pairs. */
export class PortLink {
  readonly #host: PortLinkHost;
  readonly #port: Port<Wire, unknown>;
  readonly #batches = new BatchWriter();
  readonly #listening: Disposable;
  #peer: NodeId | undefined;
  #over = false;
  #toldFull = false;
  #flushing = false;
  /** What the peer takes in advance, and what it was sent and has not said it took. */
  #windowBytes = 0;
  #underWayBytes = 0;
  /** What was taken here and the peer does not know of. */
  #takenBytes = 0;

  constructor(host: PortLinkHost, port: Port<never>) {
    this.#host = host;
    this.#port = port as unknown as Port<Wire, unknown>;
    const { windowBytes } = host.limits;
    this.#port.postMessage({ quorate: 'transport', version: 1, self: host.self, windowBytes });
    this.#listening = listen(this.#port, message => this.#receive(message), {
      onClose: () => this.end(lost('The port was closed, or the thread at its other end has died')),
      onUnreadable: () => this.end(violation('A message cannot be read')),
    });
    // Node tells of the end once, maybe before anybody listened; then only a port that cannot be held open shows it.
    this.#port.ref?.();
    if (this.#port.hasRef?.() === false) queueMicrotask(() => this.end(lost('The port was closed')));
  }

  /** Who is at the other end, once it has said so. */
  get peer(): NodeId | undefined {
    return this.#peer;
  }

  get queuedBytes(): number {
    return this.#batches.bytes;
  }

  send(message: Uint8Array, group: number): SendResult {
    if (this.#over) return 'disconnected';
    const { queueMaxBytes } = this.#host.limits;
    if (this.#batches.bytes + recordBytes + message.length > queueMaxBytes) {
      this.#toldFull = true;
      return 'full';
    }
    this.#batches.add(message, group);
    if (this.#batches.hasSealed) this.#pump();
    if (!this.#flushing) {
      this.#flushing = true;
      queueMicrotask(this.#flush);
    }
    return 'sent';
  }

  /** Ends the connection and closes the port; the user is told `later`, or at once. */
  end(cause: unknown, later = false): void {
    if (this.#over) return;
    this.#over = true;
    this.#listening[Symbol.dispose]();
    this.#port.postMessage(null);
    this.#port.close();
    const peer = this.#peer;
    this.#host.ended(this);
    if (peer === undefined) return;
    const tell = (): void => this.#tell(handlers => handlers.onDisconnect?.(peer, cause));
    if (later) queueMicrotask(tell);
    else tell();
  }

  /** Sends what the window has room for and ends without a word to the user. */
  leave(): void {
    if (this.#over) return;
    this.#pump();
    this.#peer = undefined;
    this.end(undefined);
  }

  readonly #flush = (): void => {
    this.#flushing = false;
    if (this.#over) return;
    this.#pump();
    this.#tellRoom();
  };

  /** Posts batches while the window is open. The last may go beyond it, so that a message longer than the rest can go. */
  #pump(): void {
    while (this.#batches.bytes > 0 && this.#underWayBytes < this.#windowBytes) {
      const before = this.#batches.bytes;
      const batch = this.#batches.take(this.#takenBytes);
      if (batch === undefined) return;
      this.#takenBytes = 0;
      this.#underWayBytes += before - this.#batches.bytes;
      // Moving a buffer costs more than copying a short one.
      if (batch.length <= copiedBytesMax) this.#port.postMessage(batch.buffer);
      else this.#port.postMessage(batch.buffer, [batch.buffer]);
    }
  }

  #receive(message: unknown): void {
    if (this.#over) return;
    if (message === null) this.end(lost('The peer has left'));
    else if (this.#peer === undefined) this.#meet(message);
    else if (typeof message === 'number') this.#settle(message);
    else if (message instanceof ArrayBuffer) this.#open(message);
    else this.end(violation(`A ${typeof message} is no message of a transport`));
  }

  #meet(message: unknown): void {
    const hello = message as Partial<Hello> | undefined;
    if (typeof hello !== 'object' || hello.quorate !== 'transport' || hello.version !== 1) {
      this.end(violation('The other end of the port is no transport of this version'));
      return;
    }
    const { self, windowBytes } = hello;
    const named = typeof self === 'string' && self.length > 0 && self.length <= idLengthMax;
    if (!named || !Number.isSafeInteger(windowBytes) || (windowBytes as number) < 1) {
      this.end(violation('The other end of the port does not say who it is'));
      return;
    }
    const peer = self as NodeId;
    const refusal = this.#host.named(this, peer);
    if (refusal !== undefined) {
      this.end(refusal);
      return;
    }
    this.#peer = peer;
    this.#windowBytes = windowBytes as number;
    this.#tell(handlers => handlers.onConnect?.(peer));
  }

  #open(buffer: ArrayBuffer): void {
    const { messageMaxBytes, windowBytes } = this.#host.limits;
    const reader = new BatchReader(buffer, messageMaxBytes);
    if (reader.taken === undefined) {
      this.end(violation('A batch has no head'));
      return;
    }
    if (reader.taken > 0) this.#settle(reader.taken);
    for (let record = reader.next(); record !== 'none'; record = reader.next()) {
      if (this.#over) return;
      if (record === 'broken') {
        this.end(violation('A batch does not hold what it says'));
        return;
      }
      const { message, group } = reader;
      this.#tell(handlers => handlers.onMessage(this.#peer as NodeId, message, group as GroupId));
    }
    this.#takenBytes += reader.bytes;
    if (this.#over || this.#takenBytes < windowBytes / 4) return;
    this.#port.postMessage(this.#takenBytes);
    this.#takenBytes = 0;
  }

  /** The peer has taken so much: there is room for more. */
  #settle(bytes: number): void {
    if (!(bytes >= 0 && bytes <= this.#underWayBytes)) {
      this.end(violation(`The peer took ${bytes} bytes of ${this.#underWayBytes}`));
      return;
    }
    this.#underWayBytes -= bytes;
    this.#pump();
    this.#tellRoom();
  }

  #tellRoom(): void {
    if (!this.#toldFull || this.#batches.bytes > this.#host.limits.queueMaxBytes / 2) return;
    this.#toldFull = false;
    this.#tell(handlers => handlers.onDrain?.(this.#peer as NodeId));
  }

  /** What a handler throws is uncaught, but not here. */
  #tell(call: (handlers: TransportHandlers) => void): void {
    const { handlers } = this.#host;
    if (handlers === undefined) return;
    try {
      call(handlers);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}

function lost(message: string): QuorateError {
  return new QuorateError('CONNECTION_LOST', message, { retryable: true });
}

function violation(message: string): QuorateError {
  return new QuorateError('PROTOCOL_VIOLATION', message);
}
