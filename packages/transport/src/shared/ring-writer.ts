import { invariant } from '@quorate/core';
import { type DirectionView, recordHeaderBytes } from './layout.ts';

/** Stands in place of a length: the rest of the ring is unused, go on at its start. */
export const skipMark = -1;
/** Stands in place of a length: a connection begins, whose generation stands in place of the group. */
export const openMark = -2;

/**
 * The sender's end of a ring. Records are written behind the tail that the receiver knows, and {@link publish} shows it all of
 * them at once: the receiver's cache line is touched once for a batch.
 */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #size: number;
  readonly #tailWord: Int32Array;
  readonly #headWord: Int32Array;
  readonly #waitingWord: Int32Array;
  #tail = 0;
  #published = 0;
  /** As last seen; the receiver may have read further. */
  #head = 0;
  /** What was refused, and not taken since, needs so much. */
  #wantedBytes = 0;

  constructor(ring: { readonly words: Int32Array; readonly bytes: Uint8Array }, direction: DirectionView) {
    this.#words = ring.words;
    this.#bytes = ring.bytes;
    this.#size = ring.bytes.length;
    this.#tailWord = direction.tail;
    this.#headWord = direction.head;
    this.#waitingWord = direction.waiting;
  }

  /** Goes on where an earlier sender, which is dead, has published last. What it had not is lost. */
  resume(): void {
    this.#tail = this.#published = Atomics.load(this.#tailWord, 0);
    this.#head = Atomics.load(this.#headWord, 0);
    this.stopWaiting();
  }

  /** Bytes that the receiver has not read yet, as far as it has told. */
  get usedBytes(): number {
    this.#head = Atomics.load(this.#headWord, 0);
    return (this.#tail - this.#head) | 0;
  }

  /** Bytes written and not published. */
  get unpublishedBytes(): number {
    return (this.#tail - this.#published) | 0;
  }

  /** Whether a sender who found the ring full should go on: half of it is free, and what was refused fits. */
  get hasRoom(): boolean {
    return this.usedBytes <= Math.min(this.#size / 2, this.#size - this.#wantedBytes);
  }

  /**
   * Writes a message, or says that there is no room: then the receiver is asked to tell when there is.
   */
  write(message: Uint8Array, group: number): boolean {
    const at = this.#reserve(message.length);
    if (at < 0) return false;
    const word = at >> 2;
    this.#words[word] = message.length;
    this.#words[word + 1] = group;
    this.#bytes.set(message, at + recordHeaderBytes);
    return true;
  }

  /** Says that a connection begins. What is in the ring before this belongs to earlier ones. */
  open(generation: number): boolean {
    const at = this.#reserve(0);
    if (at < 0) return false;
    this.#words[at >> 2] = openMark;
    this.#words[(at >> 2) + 1] = generation;
    return true;
  }

  /** Shows the receiver what was written; says whether that was anything. */
  publish(): boolean {
    if (this.#published === this.#tail) return false;
    this.#published = this.#tail;
    Atomics.store(this.#tailWord, 0, this.#tail);
    return true;
  }

  /** No longer waits for room. */
  stopWaiting(): void {
    this.#wantedBytes = 0;
    Atomics.store(this.#waitingWord, 0, 0);
  }

  /** Room for a record with so many bytes, or -1. */
  #reserve(length: number): number {
    const bytes = recordHeaderBytes + ((length + 7) & ~7);
    const at = this.#tail & (this.#size - 1);
    const toEnd = this.#size - at;
    const needed = bytes <= toEnd ? bytes : toEnd + bytes;
    if (((this.#tail - this.#head) | 0) + needed > this.#size && !this.#findRoom(needed)) return -1;
    this.#tail = (this.#tail + needed) | 0;
    if (needed === bytes) return at;
    this.#words[at >> 2] = skipMark;
    return 0;
  }

  #findRoom(needed: number): boolean {
    if (this.usedBytes + needed <= this.#size) return true;
    // First say that somebody waits, then look again: whoever reads on after this look sees the word.
    const waited = Atomics.exchange(this.#waitingWord, 0, 1);
    if (this.usedBytes + needed > this.#size) {
      this.#wantedBytes = Math.max(this.#wantedBytes, needed);
      return false;
    }
    // Who was refused before this still waits.
    Atomics.store(this.#waitingWord, 0, waited);
    invariant(needed <= this.#size, 'a record fits into an empty ring');
    return true;
  }
}
