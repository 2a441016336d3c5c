import { hashValue } from './hash-value.ts';
import type { TraceDetail, TraceEvent } from './trace-event.ts';
import { TraceHash } from './trace-hash.ts';

/** What the hash takes in first of each event that is frequent enough to have a way of its own. */
const TIMER = 1;
const SEND = 2;
const DELIVER = 3;
const DROP = 4;
const OTHER = 5;

/**
 * Takes every event into the trace's hash and, on request, keeps it.
 *
 * Timers and messages come by the million, so they are hashed as bare numbers and become objects only when they are kept.
 */
export class Tracer {
  readonly #hash: TraceHash = new TraceHash();
  #kept: TraceEvent[] | undefined;
  #closed: { readonly digest: string; readonly events: readonly TraceEvent[] | undefined } | undefined;
  readonly #names: readonly string[];
  #index = 0;
  /** The time that the hash took in last: what else happens at that instant need not say it again. */
  #hashedUs = -1;

  /** @param names of all hosts, by their index */
  constructor(names: readonly string[], record: boolean) {
    this.#names = names;
    this.#kept = record ? [] : undefined;
  }

  get events(): readonly TraceEvent[] | undefined {
    return this.#closed === undefined ? this.#kept : this.#closed.events;
  }

  digest(): string {
    return this.#closed?.digest ?? this.#hash.digest();
  }

  /** The run is over: what code of it still does is no part of it. */
  close(): void {
    this.#closed ??= { digest: this.#hash.digest(), events: this.#kept };
    this.#kept = undefined;
  }

  timer(atUs: number, host: number): void {
    this.#begin(TIMER, 0, atUs, host);
    if (this.#kept !== undefined) this.#keep(atUs, host, { type: 'timer' });
  }

  /** @param words of the message, an even number of them: filled up with zeros */
  send(atUs: number, host: number, to: number, message: number, byteCount: number, words: Int32Array): void {
    this.#begin(SEND | (to << 16), byteCount, atUs, host);
    this.#hash.words(words);
    if (this.#kept === undefined) return;
    this.#keep(atUs, host, { type: 'send', message, to: this.#name(to), bytes: byteCount });
  }

  deliver(atUs: number, host: number, from: number, message: number, corrupted: boolean): void {
    this.#begin(DELIVER | (from << 16), corrupted ? ~message : message, atUs, host);
    if (this.#kept === undefined) return;
    const detail: TraceDetail = { type: 'deliver', message, from: this.#name(from) };
    this.#keep(atUs, host, corrupted ? { ...detail, corrupted } : detail);
  }

  drop(atUs: number, host: number, from: number, message: number, why: string): void {
    this.#begin(DROP | (from << 16), message, atUs, host);
    this.#hash.text(why);
    if (this.#kept === undefined) return;
    this.#keep(atUs, host, { type: 'drop', message, from: this.#name(from), why });
  }

  /** Any other event. What is kept is a copy, since facts belong to whoever stated them. */
  other(atUs: number, host: number, detail: TraceDetail): void {
    this.#begin(OTHER, 0, atUs, host);
    hashValue(this.#hash, detail);
    if (this.#kept !== undefined) this.#keep(atUs, host, copyOf(detail));
  }

  #begin(kind: number, what: number, atUs: number, host: number): void {
    if (atUs !== this.#hashedUs) {
      this.#hashedUs = atUs;
      this.#hash.pair(atUs | 0, (atUs / 0x1_0000_0000) | 0);
    }
    this.#hash.pair(kind | ((host & 0xff) << 8), what);
    this.#index++;
  }

  #keep(atUs: number, host: number, detail: TraceDetail): void {
    this.#kept?.push({ index: this.#index - 1, atUs, node: this.#name(host), detail });
  }

  #name(host: number): string {
    return this.#names[host] ?? '';
  }
}

/** What cannot be cloned stays what it is, rather than ending the run of a scenario that is otherwise right. */
function copyOf(detail: TraceDetail): TraceDetail {
  try {
    return structuredClone(detail);
  } catch {
    return detail;
  }
}
