import type { Clock, Journal, GroupId, NodeId, SnapshotMetadata, Term, Transport } from '@quorate/core';
import type { MessageWriter } from '../wire/message-writer.ts';
import type { SnapshotReceipt } from '../wire/wire-format.ts';

/** What a transfer needs to be made. */
export interface TransferContext {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly group: GroupId;
  readonly transport: Transport;
  readonly messages: MessageWriter;
  readonly pieceBytes: number;
  readonly windowBytes: number;
  /** After which what was not acknowledged is sent again, and after which the transfer is given up. */
  readonly retryMs: number;
  readonly giveUpMs: number;
  /** Whether so much may leave now; else `again` is called when it may, or may be asked again. */
  mayLeave(peer: NodeId, byteCount: number, again: () => void): boolean;
}

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Above this what is queued for a peer is left to appends. */
const queuedMaxBytes = 0x4_0000;
const nothing = new Uint8Array(0);

/**
 * Sends the newest snapshot to one follower: a window of pieces under way, which are kept until they are acknowledged, so that
 * a connection that breaks costs no more than the window (go back N). It stops while the peer's queue is long, so that
 * appends and heartbeats find room.
 */
export class SnapshotTransfer {
  readonly peer: NodeId;
  readonly metadata: SnapshotMetadata;
  readonly #context: TransferContext;
  readonly #term: Term;
  readonly #number: number;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #onEnd: (ok: boolean) => void;
  /** Read and not acknowledged, in order. */
  #window: Piece[] = [];
  /** Which of the window is sent next. */
  #next = 0;
  #readOffset = 0;
  #acknowledged = 0;
  #reading = false;
  #readAll = false;
  #ended = false;
  /** What is filled for the next piece. */
  #piece: Uint8Array;
  #filled = 0;
  #progressMs: number;
  #sentMs: number;

  constructor(
    context: TransferContext,
    to: { readonly peer: NodeId; readonly term: Term; readonly number: number },
    snapshot: { readonly metadata: SnapshotMetadata; readonly chunks: AsyncIterable<Uint8Array> },
    onEnd: (ok: boolean) => void,
  ) {
    this.#context = context;
    this.peer = to.peer;
    this.#term = to.term;
    this.#number = to.number;
    this.metadata = snapshot.metadata;
    this.#chunks = snapshot.chunks[Symbol.asyncIterator]();
    this.#onEnd = onEnd;
    this.#piece = new Uint8Array(context.pieceBytes);
    this.#progressMs = this.#sentMs = context.clock.monotonicMs();
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Sends what the window, the peer's queue and what was read allow. */
  pump(): void {
    const { transport } = this.#context;
    while (!this.#ended) {
      const piece = this.#window[this.#next];
      if (piece === undefined) break;
      if (transport.queuedBytes(this.peer) > queuedMaxBytes) return;
      if (!this.#context.mayLeave(this.peer, piece.bytes.length, this.#again) || !this.#send(piece)) return;
      this.#next++;
    }
    if (!this.#ended && !this.#reading && !this.#readAll && this.#hasRoom) void this.#read();
  }

  readonly #again = (): void => this.pump();

  /** The connection ended: what was under way on it is lost. */
  lost(): void {
    this.#next = 0;
  }

  onReceipt(receipt: SnapshotReceipt): void {
    if (this.#ended || receipt.transfer !== this.#number) return;
    if (receipt.refused || receipt.complete) {
      this.end(receipt.complete);
      return;
    }
    if (receipt.received <= this.#acknowledged || receipt.received > this.#readOffset) return;
    this.#acknowledged = receipt.received;
    this.#progressMs = this.#context.clock.monotonicMs();
    let taken = 0;
    for (const { offset, bytes } of this.#window) {
      if (offset + bytes.length > receipt.received || bytes.length === 0) break;
      taken++;
    }
    this.#window.splice(0, taken);
    this.#next = Math.max(0, this.#next - taken);
    this.pump();
  }

  tick(): void {
    const nowMs = this.#context.clock.monotonicMs();
    if (nowMs - this.#progressMs > this.#context.giveUpMs) this.end(false);
    else if (nowMs - Math.max(this.#progressMs, this.#sentMs) > this.#context.retryMs) {
      this.#sentMs = nowMs;
      this.#next = 0;
    }
    this.pump();
  }

  /** Lets go of the snapshot. @param ok whether it has arrived */
  end(ok: boolean): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#window = [];
    // A snapshot that is being read cannot be let go in the middle of it; the reader does so itself.
    if (!this.#reading) this.#letGo();
    this.#onEnd(ok);
  }

  #letGo(): void {
    // A file that cannot be closed or removed is found again at the next start, and no business of this transfer.
    this.#chunks.return?.().catch(() => {});
  }

  get #hasRoom(): boolean {
    return this.#readOffset - this.#acknowledged < this.#context.windowBytes;
  }

  #send({ offset, bytes, last }: Piece): boolean {
    const { transport, messages, group } = this.#context;
    const { index, term, membership } = this.metadata;
    const message = messages.piece({
      type: 'piece',
      term: this.#term,
      index,
      snapshotTerm: term,
      transfer: this.#number,
      offset,
      membership: offset === 0 ? membership : nothing,
      bytes,
      last,
    });
    this.#sentMs = this.#context.clock.monotonicMs();
    return transport.send(this.peer, message, group) === 'sent';
  }

  async #read(): Promise<void> {
    this.#reading = true;
    try {
      while (!this.#ended && this.#hasRoom && !this.#readAll) {
        const { done, value } = await this.#chunks.next();
        if (done) {
          this.#push(this.#filled);
          this.#readAll = true;
          this.#window.push({ offset: this.#readOffset, bytes: nothing, last: true });
        } else this.#fill(value);
      }
    } catch {
      // It can be read no more: whoever asks again is sent another.
      this.#reading = false;
      this.end(false);
      return;
    }
    this.#reading = false;
    if (this.#ended) this.#letGo();
    else this.pump();
  }

  /** Cuts a chunk into pieces; what is left of it begins the next one. */
  #fill(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const bytes = chunk.subarray(at, at + this.#room - this.#filled);
      this.#piece.set(bytes, this.#filled);
      this.#filled += bytes.length;
      at += bytes.length;
      if (this.#filled === this.#room) this.#push(this.#filled);
    }
  }

  #push(byteCount: number): void {
    if (byteCount === 0) return;
    this.#window.push({ offset: this.#readOffset, bytes: this.#piece.subarray(0, byteCount), last: false });
    this.#readOffset += byteCount;
    this.#piece = new Uint8Array(this.#context.pieceBytes);
    this.#filled = 0;
  }

  /** How long the next piece may be: the first carries the membership as well. */
  get #room(): number {
    const { pieceBytes } = this.#context;
    return this.#readOffset === 0 ? Math.max(1, pieceBytes - this.metadata.membership.length) : pieceBytes;
  }
}
