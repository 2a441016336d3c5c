import type { Clock, GroupId, Journal, LogIndex, NodeId, SnapshotMetadata, Term } from '@quorate/core';
import type { SnapshotPiece, SnapshotReceipt } from '../wire/wire-format.ts';

/** What a receiver is made of, and whom it asks and tells. */
export interface ReceiverContext {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly group: GroupId;
  /** After so long without a piece, what has come is let go. */
  readonly giveUpMs: number;
  /** A receipt is sent for so many bytes that were taken. */
  readonly receiptBytes: number;
  /** What waits for the disk at most, about: the window of any leader has to fit. */
  readonly queueMaxBytes: number;
  /** Whether a snapshot brings this replica anything. */
  wants(metadata: SnapshotMetadata): boolean;
  send(to: NodeId, receipt: SnapshotReceipt): void;
  /**
   * All pieces are here. Returns whether the core takes the snapshot: {@link SnapshotReceiver.finish} follows then, or
   * {@link SnapshotReceiver.drop}.
   */
  onComplete(from: NodeId, term: Term, metadata: SnapshotMetadata): boolean;
}

interface Incoming {
  readonly from: NodeId;
  readonly term: Term;
  readonly transfer: number;
  readonly metadata: SnapshotMetadata;
  /** Taken by the journal, and received. */
  consumed: number;
  received: number;
  told: number;
  queue: Uint8Array[];
  state: 'receiving' | 'complete' | 'taken' | 'finished' | 'dropped';
  wake: (() => void) | undefined;
  saved: Promise<void>;
  readonly end: AbortController;
  lastMs: number;
}

/**
 * Takes a snapshot in, piece by piece, straight into the journal, which holds it back until the core has taken it: the end of
 * the pieces is not handed on before {@link finish}. So a snapshot that turns out not to be wanted leaves nothing behind, and
 * the journal and the core are never of two minds.
 */
export class SnapshotReceiver {
  readonly #context: ReceiverContext;
  #incoming: Incoming | undefined;

  constructor(context: ReceiverContext) {
    this.#context = context;
  }

  onPiece(from: NodeId, piece: SnapshotPiece): void {
    const incoming = this.#incoming;
    const isNext = incoming !== undefined && incoming.from === from && incoming.transfer === piece.transfer;
    if (isNext) this.#take(incoming, piece);
    // One that the core has taken is brought to its end before another.
    else if (incoming !== undefined && isTaken(incoming)) return;
    else if (piece.offset === 0) this.#begin(from, piece);
    else this.#refuse(from, piece);
  }

  /** The core has taken the snapshot: resolves when the journal has it for good. */
  async finish(metadata: SnapshotMetadata): Promise<void> {
    const incoming = this.#incoming;
    const isHere = incoming?.state === 'complete' || incoming?.state === 'taken';
    if (incoming?.metadata !== metadata || !isHere) {
      throw new Error(`The snapshot at ${metadata.index} is not here`);
    }
    incoming.state = 'finished';
    incoming.wake?.();
    try {
      await incoming.saved;
    } finally {
      if (this.#incoming === incoming) this.#incoming = undefined;
    }
  }

  /** Lets go of what has come, unless the core has taken it. */
  drop(): void {
    const incoming = this.#incoming;
    if (incoming !== undefined && !isTaken(incoming)) this.#letGo(incoming);
  }

  /**
   * Lets go of what the core has taken, too: the core starts anew or has ended, and {@link finish} will not be called. One that
   * is being finished is brought to its end.
   */
  abandon(): void {
    const incoming = this.#incoming;
    if (incoming !== undefined && incoming.state !== 'finished') this.#letGo(incoming);
  }

  tick(): void {
    const incoming = this.#incoming;
    if (incoming === undefined) return;
    if (this.#context.clock.monotonicMs() - incoming.lastMs > this.#context.giveUpMs) this.drop();
  }

  /** Lets go of everything, and resolves when nothing of it touches the journal. */
  async end(): Promise<void> {
    const saved = this.#incoming?.saved;
    this.abandon();
    await saved?.catch(() => {});
  }

  #letGo(incoming: Incoming): void {
    this.#incoming = undefined;
    incoming.state = 'dropped';
    incoming.queue = [];
    incoming.wake?.();
    incoming.end.abort();
  }

  #begin(from: NodeId, piece: SnapshotPiece): void {
    this.drop();
    const { clock, journal, group } = this.#context;
    const { index, snapshotTerm: term, membership, transfer } = piece;
    const metadata: SnapshotMetadata = { index, term, membership };
    if (!this.#context.wants(metadata)) {
      this.#context.send(from, receiptOf(piece.term, index, transfer, 0, 'complete'));
      return;
    }
    const incoming: Incoming = {
      from,
      term: piece.term,
      transfer,
      metadata,
      consumed: 0,
      received: 0,
      told: 0,
      queue: [],
      state: 'receiving',
      wake: undefined,
      saved: Promise.resolve(),
      end: new AbortController(),
      lastMs: clock.monotonicMs(),
    };
    this.#incoming = incoming;
    incoming.saved = journal.saveSnapshot(group, metadata, this.#chunks(incoming), {
      signal: incoming.end.signal,
    });
    incoming.saved.catch(() => this.#onUnsaved(incoming, piece));
    this.#take(incoming, piece);
  }

  #take(incoming: Incoming, piece: SnapshotPiece): void {
    if (incoming.state !== 'receiving') return;
    incoming.lastMs = this.#context.clock.monotonicMs();
    if (piece.offset !== incoming.received) {
      // Sent again, or after one that was lost: the sender learns where to go on.
      if (piece.offset < incoming.received) this.#tell(incoming);
      return;
    }
    // What the disk has no time for is sent again.
    if (incoming.received - incoming.consumed > this.#context.queueMaxBytes) return;
    incoming.received += piece.bytes.length;
    if (piece.bytes.length > 0) incoming.queue.push(piece.bytes);
    incoming.wake?.();
    if (!piece.last) return;
    incoming.state = 'complete';
    const { from, term, metadata, transfer, received } = incoming;
    if (!this.#context.onComplete(from, term, metadata)) this.drop();
    else if (stateOf(incoming) === 'complete') incoming.state = 'taken';
    this.#context.send(from, receiptOf(term, metadata.index, transfer, received, 'complete'));
  }

  async *#chunks(incoming: Incoming): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = incoming.queue.shift();
      if (incoming.state === 'dropped') throw new Error('The snapshot is not wanted any more');
      if (chunk !== undefined) {
        yield chunk;
        incoming.consumed += chunk.length;
        if (incoming.consumed - incoming.told >= this.#context.receiptBytes) this.#tell(incoming);
      } else if (incoming.state === 'finished') return;
      else {
        if (incoming.state === 'receiving' && incoming.told < incoming.consumed) this.#tell(incoming);
        await new Promise<void>(resolve => (incoming.wake = resolve));
        incoming.wake = undefined;
      }
    }
  }

  #tell(incoming: Incoming): void {
    if (incoming.state !== 'receiving') return;
    incoming.told = incoming.consumed;
    const { from, term, metadata, transfer, consumed } = incoming;
    this.#context.send(from, receiptOf(term, metadata.index, transfer, consumed, 'going on'));
  }

  /** The journal takes it no further: it is full, or it was told to stop. */
  #onUnsaved(incoming: Incoming, piece: SnapshotPiece): void {
    // Of what the core has taken, `finish` tells.
    if (this.#incoming !== incoming || isTaken(incoming)) return;
    this.#incoming = undefined;
    this.#refuse(incoming.from, piece);
  }

  #refuse(to: NodeId, { term, index, transfer }: SnapshotPiece): void {
    this.#context.send(to, receiptOf(term, index, transfer, 0, 'refused'));
  }
}

/** Whether the core counts on it. */
function isTaken({ state }: Incoming): boolean {
  return state === 'taken' || state === 'finished';
}

/** What it is now, whatever the compiler knows of what it was. */
function stateOf({ state }: Incoming): Incoming['state'] {
  return state;
}

function receiptOf(
  term: Term,
  index: LogIndex,
  transfer: number,
  received: number,
  how: 'going on' | 'complete' | 'refused',
): SnapshotReceipt {
  return {
    type: 'receipt',
    term,
    index,
    transfer,
    received,
    refused: how === 'refused',
    complete: how === 'complete',
  };
}
