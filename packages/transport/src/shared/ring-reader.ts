import { type DirectionView, recordHeaderBytes } from './layout.ts';
import { openMark, skipMark } from './ring-writer.ts';

/** What {@link RingReader.next} found. `broken`: the ring holds what no sender wrote, and cannot be read on. */
export type RingRecord = 'message' | 'open' | 'none' | 'broken';

/** Messages up to this length are read into one buffer, in views that are kept by length: nothing is allocated for them. */
const smallBytesMax = 512;

/**
 * The receiver's end of a ring. A message is copied out before anybody sees it, so that nobody can change it meanwhile, and its
 * room is free again.
 */
export class RingReader {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #size: number;
  readonly #messageMaxBytes: number;
  readonly #tailWord: Int32Array;
  readonly #headWord: Int32Array;
  readonly #waitingWord: Int32Array;
  readonly #small: Int32Array = new Int32Array(smallBytesMax / 4);
  readonly #smallViews: Uint8Array[] = [];
  #large = new Uint8Array(0);
  #head = 0;
  #freed = 0;
  /** How far the sender has published, as last seen. */
  #tail = 0;
  /** The message just found: valid until the next. */
  message: Uint8Array = this.#large;
  /** Its group, or the generation that was opened. */
  group = 0;

  constructor(
    ring: { readonly words: Int32Array; readonly bytes: Uint8Array },
    direction: DirectionView,
    messageMaxBytes: number,
  ) {
    this.#words = ring.words;
    this.#bytes = ring.bytes;
    this.#size = ring.bytes.length;
    this.#messageMaxBytes = messageMaxBytes;
    this.#tailWord = direction.tail;
    this.#headWord = direction.head;
    this.#waitingWord = direction.waiting;
  }

  /** Whether something was published that was not read. */
  get ready(): boolean {
    return Atomics.load(this.#tailWord, 0) !== this.#head;
  }

  /** Forgets all that was published so far. */
  skipAll(): void {
    this.#head = this.#tail = Atomics.load(this.#tailWord, 0);
    this.#free();
  }

  /** Looks how much there is, for {@link next} to go through. */
  look(): void {
    this.#tail = Atomics.load(this.#tailWord, 0);
  }

  /** Takes the next record of those that {@link look} saw. */
  next(): RingRecord {
    for (;;) {
      const left = (this.#tail - this.#head) | 0;
      if (left === 0) return 'none';
      if (left < 0 || left > this.#size) return 'broken';
      const at = this.#head & (this.#size - 1);
      const toEnd = this.#size - at;
      const length = this.#words[at >> 2] as number;
      if (length === skipMark) {
        if (toEnd > left || at === 0) return 'broken';
        this.#head = (this.#head + toEnd) | 0;
        continue;
      }
      const body = length === openMark ? 0 : length;
      const bytes = recordHeaderBytes + ((body + 7) & ~7);
      if (body < 0 || body > this.#messageMaxBytes || bytes > left || bytes > toEnd) return 'broken';
      this.group = (this.#words[(at >> 2) + 1] as number) >>> 0;
      if (length === openMark) {
        this.#head = (this.#head + bytes) | 0;
        return 'open';
      }
      this.#copy(at + recordHeaderBytes, length);
      this.#head = (this.#head + bytes) | 0;
      // In long runs the sender should not have to wait for their end.
      if (((this.#head - this.#freed) | 0) > this.#size / 8) this.#free();
      return 'message';
    }
  }

  /** Gives the room of what was read back; says whether the sender waits for it and should be woken. */
  free(): boolean {
    if (this.#freed !== this.#head) this.#free();
    return Atomics.load(this.#waitingWord, 0) === 1 && ((this.#tail - this.#head) | 0) <= this.#size / 2;
  }

  #free(): void {
    this.#freed = this.#head;
    Atomics.store(this.#headWord, 0, this.#head);
  }

  #copy(at: number, length: number): void {
    if (length <= smallBytesMax) {
      const [words, small] = [this.#words, this.#small];
      const end = (at + length + 3) >> 2;
      for (let from = at >> 2, to = 0; from < end; from++, to++) small[to] = words[from] as number;
      this.message = this.#smallViews[length] ??= new Uint8Array(small.buffer, 0, length);
      return;
    }
    if (this.#large.length < length)
      this.#large = new Uint8Array(Math.min(this.#messageMaxBytes, length * 2));
    this.#large.set(this.#bytes.subarray(at, at + length));
    this.message = new Uint8Array(this.#large.buffer, 0, length);
  }
}
