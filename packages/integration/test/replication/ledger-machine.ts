import type { Committed, LogIndex, StateMachine, StateSnapshot } from '@quorate/core';
import { type SequenceRange, SequenceSet } from './sequence-set.ts';

/** A state of the machine, and all that led to it. */
export interface LedgerState {
  /** The last command that it contains. */
  readonly index: number;
  /** Over every command with its place, so that equal ones have the same history. */
  readonly hash: number;
  readonly values: readonly (readonly [key: string, value: number])[];
  /** By worker, which of its commands were applied. */
  readonly applied: Readonly<Record<string, readonly SequenceRange[]>>;
  /** Commands that were applied a second time. */
  readonly doubles: readonly string[];
}

/** What a worker wants done. `from` where it is a comparison as well, null for nothing. */
export interface LedgerCommand {
  readonly worker: string;
  readonly sequence: number;
  readonly key: string;
  readonly value: number;
  readonly from?: number | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const pieceLength = 0x4000;

/** @param padLength makes it longer, so that disks fill up */
export function encodeCommand(command: LedgerCommand, padLength: number): Uint8Array {
  return encoder.encode(`${JSON.stringify(command)}\n${'-'.repeat(padLength)}`);
}

/** Numbers by key that remember every command by which they came about. Replies 1, or 0 where a comparison failed. */
export class LedgerMachine implements StateMachine {
  appliedIndex = 0 as LogIndex;
  #index = 0;
  #hash = 0;
  #values = new Map<string, number>();
  #applied = new Map<string, SequenceSet>();
  #doubles: string[] = [];

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    return commands.map(({ index, term, leaderTimeMs, command }) => {
      const [text = ''] = decoder.decode(command).split('\n', 1);
      if (index <= this.appliedIndex) this.#doubles.push(`Index ${index} after ${this.appliedIndex}`);
      this.appliedIndex = index;
      this.#index = index;
      this.#hash = hashOf(this.#hash, `${index} ${term} ${leaderTimeMs} ${command.length} ${text}`);
      return Uint8Array.of(this.#do(JSON.parse(text) as LedgerCommand) ? 1 : 0);
    });
  }

  query(query: Uint8Array): Uint8Array {
    return encoder.encode(JSON.stringify(this.#values.get(decoder.decode(query)) ?? null));
  }

  get state(): LedgerState {
    return {
      index: this.#index,
      hash: this.#hash,
      values: [...this.#values],
      applied: Object.fromEntries([...this.#applied].map(([worker, set]) => [worker, set.toJSON()])),
      doubles: this.#doubles,
    };
  }

  snapshot(): StateSnapshot {
    const index = this.appliedIndex;
    const text = JSON.stringify(this.state);
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
    const { index, hash, values, applied, doubles } = JSON.parse(text) as LedgerState;
    this.appliedIndex = upTo;
    this.#index = index;
    this.#hash = hash;
    this.#values = new Map(values);
    this.#applied = new Map(
      Object.entries(applied).map(([worker, ranges]) => [worker, new SequenceSet(ranges)]),
    );
    this.#doubles = [...doubles];
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #do({ worker, sequence, key, value, from }: LedgerCommand): boolean {
    const set = this.#applied.get(worker) ?? new SequenceSet();
    this.#applied.set(worker, set);
    if (!set.add(sequence)) this.#doubles.push(`${worker} ${sequence}`);
    if (from !== undefined && (this.#values.get(key) ?? null) !== from) return false;
    this.#values.set(key, value);
    return true;
  }
}

/** FNV-1a, from the hash of what was before. */
function hashOf(before: number, text: string): number {
  let hash = before ^ 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}
