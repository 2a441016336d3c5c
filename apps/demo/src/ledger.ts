import { invariant } from '@quorate/core';
import { epochOfVersion } from '@quorate/node';
import type { KeyAnswer } from './cluster-client.ts';

/**
 * What a reader of one key knows before it asks: the last write that was acknowledged.
 *
 * Taken before the request is sent, because the answer must be at least as new as that, and no older.
 */
export interface Expectation {
  readonly key: string;
  readonly acked: number;
  readonly deleted: boolean;
  readonly version: number;
  /** Whether that write was sent more than once: it may have been applied again since. */
  readonly repeated: boolean;
}

/**
 * How an answer compares with what was acknowledged.
 *
 * - `lost`: an acknowledged value is gone.
 * - `stale`: the value is older than one acknowledged before the read began.
 * - `wrong`: the value or version belongs to no write that could have been read.
 * - `died`: the value is gone with the node that died holding the only copy. Expected, and counted apart.
 */
export type Verdict = 'ok' | 'lost' | 'stale' | 'wrong' | 'died';

interface KeyRecord {
  /** The number of the last write that was acknowledged, and of the last that was sent. */
  acked: number;
  issued: number;
  deleted: boolean;
  version: number;
  /** The number of the last deletion that was sent. */
  lastDelete: number;
  /** Whether the write under way, and the one acknowledged, was sent more than once. */
  repeating: boolean;
  repeated: boolean;
  /** The last epoch in which the node that held the only copy has died; 0 if none has. */
  diedIn: number;
}

/**
 * The demo's own memory of what it was promised: for each key, the writes it sent and the last that was acknowledged.
 *
 * Each key has one writer, which has one write under way at a time, so the writes of a key are numbered and every answer
 * can be judged, even while writes go on: it must show the number that was acknowledged when the read began, or a later one
 * that had been sent by its end.
 */
export class Ledger {
  readonly #records = new Map<string, KeyRecord>();

  get keys(): Iterable<string> {
    return this.#records.keys();
  }

  get size(): number {
    return this.#records.size;
  }

  /** Keys that have a value as far as anybody was promised. */
  *liveKeys(): Iterable<string> {
    for (const [key, record] of this.#records) if (!record.deleted && !hasDied(record)) yield key;
  }

  /** A write is about to be sent. @returns its number, and the value to put */
  issue(key: string, kind: 'put' | 'delete'): string {
    const record = this.#records.get(key) ?? freshRecord();
    this.#records.set(key, record);
    record.issued++;
    record.repeating = false;
    if (kind === 'delete') record.lastDelete = record.issued;
    return valueOf(key, record.issued);
  }

  /** The write under way is about to be sent again. */
  repeat(key: string): void {
    this.#record(key).repeating = true;
  }

  /** The write under way was acknowledged. */
  acknowledge(key: string, kind: 'put' | 'delete', version: number): void {
    const record = this.#record(key);
    record.acked = record.issued;
    record.deleted = kind === 'delete';
    record.version = version;
    record.repeated = record.repeating;
  }

  expect(key: string): Expectation {
    const { acked, deleted, version, repeated } = this.#record(key);
    return { key, acked, deleted, version, repeated };
  }

  /**
   * The node that held the only copies of these keys died in `epoch`.
   *
   * Its last acknowledgements may still be on their way to us; their versions say that they are from before.
   *
   * @returns how many of the keys had a value
   */
  markDied(epoch: number, holds: (key: string) => boolean): number {
    let count = 0;
    for (const [key, record] of this.#records) {
      if (!holds(key)) continue;
      if (!record.deleted && !hasDied(record)) count++;
      record.diedIn = epoch;
    }
    return count;
  }

  /** Compares an answer to a read with what was known before it and what has been sent since. */
  judge(before: Expectation, answer: KeyAnswer): Verdict {
    const record = this.#record(before.key);
    if (answer.status === 404) {
      if (before.deleted || record.lastDelete >= before.acked) return 'ok';
      // What died is the value known before the read; it may have been written anew since.
      return epochOfVersion(before.version) <= record.diedIn ? 'died' : 'lost';
    }
    const number = numberOf(before.key, answer.value ?? '');
    if (number === undefined || number > record.issued) return 'wrong';
    if (number < before.acked) return 'stale';
    if (number > before.acked) return answer.version > before.version ? 'ok' : 'wrong';
    if (before.deleted) return 'wrong';
    const sameVersion = before.repeated
      ? answer.version >= before.version
      : answer.version === before.version;
    return sameVersion ? 'ok' : 'wrong';
  }

  #record(key: string): KeyRecord {
    const record = this.#records.get(key);
    invariant(record !== undefined, `Key ${key} was never written`);
    return record;
  }
}

function freshRecord(): KeyRecord {
  const flags = { deleted: true, repeating: false, repeated: false };
  return { acked: 0, issued: 0, version: 0, lastDelete: 0, diedIn: 0, ...flags };
}

function hasDied(record: KeyRecord): boolean {
  return epochOfVersion(record.version) <= record.diedIn;
}

/** A value names its key and the number of its write, so that it cannot be taken for another. */
export function valueOf(key: string, number: number): string {
  return `${key}#${number}`;
}

function numberOf(key: string, value: string): number | undefined {
  if (!value.startsWith(`${key}#`)) return undefined;
  const digits = value.slice(key.length + 1);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}
