import type { Committed, LogIndex, StateMachine, StateSnapshot } from '@quorate/core';

/** What was applied: where, with which id, and what state it led to. */
export type AppliedCommand = readonly [
  index: number,
  term: number,
  id: string,
  leaderTimeMs: number,
  stateHash: number,
];

/** Is told what the machine does. */
export interface MapMachineListener {
  applied(commands: readonly AppliedCommand[]): void;
  restored(index: number, stateHash: number): void;
  /** It was given what it must never be given. */
  misused(message: string): void;
}

interface State {
  readonly index: number;
  readonly hash: number;
  readonly timeMs: number;
  readonly values: readonly (readonly [string, number])[];
}

const yes = Uint8Array.of(1);
const no = Uint8Array.of(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What a command says stands within so many bytes of it; the rest is there to be long. */
const textMax = 64;
/** Snapshots are handed over in pieces of so many characters, so that there are some. */
const pieceLength = 64;

/**
 * Numbers by key. Commands are texts: `ID put KEY NUMBER`, `ID cas KEY FROM TO` with `-` for nothing, `ID note`, which changes
 * nothing but the hash; a query names a key.
 *
 * The hash is over every command that led to the state with its place, so that two replicas whose states have the same index
 * and hash have applied the same history, through snapshots too.
 */
export class MapMachine implements StateMachine {
  appliedIndex = 0 as LogIndex;
  readonly #listener: MapMachineListener;
  #values = new Map<string, number>();
  /** The last command, which {@link #hash} is as of. */
  #last = 0;
  #hash = 0;
  #timeMs = 0;

  constructor(listener: MapMachineListener) {
    this.#listener = listener;
  }

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    const applied: AppliedCommand[] = [];
    const replies = commands.map(({ index, term, leaderTimeMs, command }) => {
      if (index <= this.appliedIndex)
        this.#listener.misused(`${index} is applied after ${this.appliedIndex}`);
      if (leaderTimeMs < this.#timeMs) this.#listener.misused(`The time at ${index} is before the last one`);
      const text = decoder.decode(command.length > textMax ? command.subarray(0, textMax) : command);
      const idEnd = text.indexOf(' ');
      this.appliedIndex = index;
      this.#last = index;
      this.#timeMs = leaderTimeMs;
      this.#hash = hashOf(this.#hash, index, term, leaderTimeMs, command);
      applied.push([index, term, text.slice(0, idEnd), leaderTimeMs, this.#hash]);
      return this.#change(text, idEnd + 1) ? yes : no;
    });
    this.#listener.applied(applied);
    return replies;
  }

  /** Does what the text says from `at` on. Returns whether it was to be done. */
  #change(text: string, at: number): boolean {
    if (text.startsWith('note', at)) return true;
    const [type, key = '', one = '', two = ''] = text.slice(at).split(' ');
    if (type === 'cas') return this.#compareAndSet(key, one, two);
    if (type === 'put') this.#values.set(key, Number(one));
    return true;
  }

  #compareAndSet(key: string, from: string, to: string): boolean {
    if (String(this.#values.get(key) ?? '-') !== from) return false;
    this.#values.set(key, Number(to));
    return true;
  }

  query(query: Uint8Array): Uint8Array {
    return encoder.encode(JSON.stringify(this.#values.get(decoder.decode(query)) ?? null));
  }

  snapshot(): StateSnapshot {
    const index = this.appliedIndex;
    const state: State = {
      index: this.#last,
      hash: this.#hash,
      timeMs: this.#timeMs,
      values: [...this.#values],
    };
    const text = JSON.stringify(state);
    return {
      index,
      async *chunks() {
        for (let at = 0; at < text.length; at += pieceLength) {
          yield encoder.encode(text.slice(at, at + pieceLength));
        }
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async restore(upTo: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let text = '';
    for await (const chunk of chunks) text += decoder.decode(chunk);
    const { index, hash, timeMs, values } = JSON.parse(text) as State;
    if (index > upTo) this.#listener.misused(`A state of ${index} is restored as one of ${upTo}`);
    // What stands between is nothing of the state machine's.
    this.appliedIndex = upTo;
    this.#last = index;
    this.#hash = hash;
    this.#timeMs = timeMs;
    this.#values = new Map(values);
    this.#listener.restored(index, hash);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** How much of a command is hashed, beside its length. */
const hashedBytes = 64;
const time = new Float64Array(1);
const timeWords = new Int32Array(time.buffer);

/** FNV-1a with words and bytes, from the hash of what was before. */
function hashOf(before: number, index: number, term: number, timeMs: number, command: Uint8Array): number {
  time[0] = timeMs;
  let hash = before ^ 0x811c9dc5;
  hash = Math.imul(hash ^ index, 0x01000193);
  hash = Math.imul(hash ^ term, 0x01000193);
  hash = Math.imul(hash ^ (timeWords[0] as number), 0x01000193);
  hash = Math.imul(hash ^ (timeWords[1] as number), 0x01000193);
  hash = Math.imul(hash ^ command.length, 0x01000193);
  const end = Math.min(command.length, hashedBytes);
  for (let at = 0; at < end; at++) hash = Math.imul(hash ^ (command[at] as number), 0x01000193);
  return hash >>> 0;
}
