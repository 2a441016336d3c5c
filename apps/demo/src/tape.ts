import type { Clock } from '@quorate/core';

/** Something that happened, in a sentence. */
export interface TapeEntry {
  readonly sequence: number;
  readonly wallMs: number;
  /** `bad` is for broken promises only; a crash that was asked for is a `change`. */
  readonly kind: 'info' | 'change' | 'good' | 'bad';
  readonly text: string;
}

const entriesMax = 200;

/** The last things that happened, oldest first, and a call for each new one. */
export class Tape {
  readonly #clock: Clock;
  readonly #listeners = new Set<(entry: TapeEntry) => void>();
  #entries: TapeEntry[] = [];
  #sequence = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get entries(): readonly TapeEntry[] {
    return this.#entries;
  }

  write(kind: TapeEntry['kind'], text: string): void {
    const entry = { sequence: ++this.#sequence, wallMs: this.#clock.wallMs(), kind, text };
    this.#entries = [...this.#entries.slice(1 - entriesMax), entry];
    for (const listener of this.#listeners) listener(entry);
  }

  onEntry(listener: (entry: TapeEntry) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }
}
