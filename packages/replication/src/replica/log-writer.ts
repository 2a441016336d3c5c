import { type Clock, errorCode, type GroupId, type Journal } from '@quorate/core';
import type { RaftWrite, WriteToken } from '../raft/effects.ts';
import { Deque } from './deque.ts';
import { writePieces } from './write-pieces.ts';

interface Item {
  readonly write: RaftWrite;
  /** The term in which this replica led when it was submitted; 0 elsewhere. */
  readonly leaderTerm: number;
  durable: boolean;
}

/** Whom the writer tells. */
export interface LogWriterListener {
  /**
   * Everything up to this write is durable.
   *
   * @param last the last entry that it brought, 0 for none
   * @param leaderTerm the term in which this replica led when the write was submitted; 0 elsewhere
   */
  onDurable(token: WriteToken, last: number, leaderTerm: number): void;
  /** There was no room for a write, nor for what came after it. Nothing is under way any more. */
  onRefused(error: unknown): void;
  /** The journal is finished. */
  onFailed(error: unknown): void;
  /** Puts journal and state machine to the snapshot that was received. Rejects where that is impossible. */
  install(write: RaftWrite): Promise<void>;
}

/**
 * Hands the core's writes to the journal, in order, and tells when they are durable.
 *
 * Where the disk is full the journal refuses a write and all that came after it, so what the core believes to be in its log
 * is not there. Everything is dropped then, until {@link reopen}: the core starts anew from what is durable, as after a
 * crash, which is safe whenever it happens.
 */
export class LogWriter {
  readonly #journal: Journal;
  readonly #group: GroupId;
  readonly #clock: Clock;
  readonly #listener: LogWriterListener;
  /** What is not known to be durable, oldest first. */
  readonly #items = new Deque<Item>();
  /** What waits for an installation, or for what was written before it to be durable. */
  readonly #waiting = new Deque<Item>();
  #flying = 0;
  #installing = false;
  #refusal: { readonly error: unknown } | undefined;
  #ended = false;
  #progressMs = 0;
  #onIdle: (() => void) | undefined;

  constructor(journal: Journal, group: GroupId, clock: Clock, listener: LogWriterListener) {
    this.#journal = journal;
    this.#group = group;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Whether what is submitted is taken on. */
  get open(): boolean {
    return this.#refusal === undefined && !this.#ended;
  }

  get installing(): boolean {
    return this.#installing;
  }

  /** How long the disk has owed an answer. */
  busyMs(): number {
    return this.#flying === 0 || this.#installing ? 0 : this.#clock.monotonicMs() - this.#progressMs;
  }

  submit(write: RaftWrite, leaderTerm: number): void {
    if (!this.open) return;
    const item: Item = { write, leaderTerm, durable: false };
    this.#items.push(item);
    this.#waiting.push(item);
    this.#start();
  }

  /** Takes writes on again, of a core that begins with what is durable. */
  reopen(): void {
    this.#refusal = undefined;
  }

  /** Takes nothing more, and resolves when nothing is under way. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#waiting.drain();
    if (this.#flying === 0 && !this.#installing) return;
    await new Promise<void>(resolve => (this.#onIdle = resolve));
  }

  /** Starts what waits, in order, as far as it may. */
  #start(): void {
    while (this.open && !this.#installing) {
      const item = this.#waiting.first;
      // What brings no entries may find room where those before it found none, and would call committed what is not there.
      if (item === undefined || (this.#flying > 0 && item.write.entries.length === 0)) return;
      this.#waiting.shift();
      if (item.write.snapshot === undefined) this.#write(item);
      else void this.#install(item);
    }
  }

  #write(item: Item): void {
    const { truncateFrom, entries, hardState } = item.write;
    if (entries.length === 0 && hardState === undefined && truncateFrom === undefined) {
      item.durable = true;
      this.#settle();
      return;
    }
    if (this.#flying === 0) this.#progressMs = this.#clock.monotonicMs();
    // The longest record is what every journal takes in one write.
    const pieces = writePieces(this.#group, item.write, this.#journal.capabilities.recordMaxBytes);
    const last = pieces.at(-1);
    this.#flying += pieces.length;
    for (const piece of pieces) {
      this.#journal.write(piece).then(
        () => this.#onWritten(item, piece === last),
        error => this.#onRejected(error),
      );
    }
  }

  #onWritten(item: Item, isWhole: boolean): void {
    if (isWhole) item.durable = true;
    // Writes become durable in order: what is still under way has been waited for since this one at the earliest.
    this.#progressMs = this.#clock.monotonicMs();
    this.#flying--;
    this.#settle();
    this.#landed();
  }

  #onRejected(error: unknown): void {
    this.#flying--;
    this.#refuse(error);
    this.#landed();
  }

  #refuse(error: unknown): void {
    if (this.#ended || this.#refusal !== undefined) return;
    if (isFull(error)) {
      this.#refusal = { error };
      return;
    }
    this.#ended = true;
    this.#listener.onFailed(error);
  }

  /** The snapshot first, then what the write says beside it. */
  async #install(item: Item): Promise<void> {
    this.#installing = true;
    try {
      await this.#listener.install(item.write);
    } catch (error) {
      this.#refuse(error);
    }
    this.#installing = false;
    if (this.open) {
      this.#write(item);
      this.#start();
    }
    this.#landed();
  }

  /** Tells of everything at the front that is durable. */
  #settle(): void {
    let token: WriteToken | undefined;
    let last = 0;
    let leaderTerm = 0;
    for (let item = this.#items.first; item?.durable; item = this.#items.first) {
      this.#items.shift();
      token = item.write.token;
      if (item.leaderTerm !== leaderTerm) last = 0;
      leaderTerm = item.leaderTerm;
      last = item.write.entries.at(-1)?.index ?? last;
    }
    if (token !== undefined && !this.#ended) this.#listener.onDurable(token, last, leaderTerm);
  }

  #landed(): void {
    if (this.#flying > 0 || this.#installing) return;
    this.#start();
    if (this.#refusal !== undefined) {
      this.#items.drain();
      this.#waiting.drain();
      if (!this.#ended) this.#listener.onRefused(this.#refusal.error);
    }
    this.#onIdle?.();
  }
}

/** Whether the journal can go on once there is room. */
export function isFull(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'STORAGE_FULL' || code === 'JOURNAL_BUSY';
}
