import type { Unknown } from '../store/store.ts';
import { Heap } from './heap.ts';
import type { Page, StateRecord, StateResult, StateWrite } from './queue-store.ts';

/** With fewer times left behind than this it is not worth moving anything. */
const staleMin = 64;

/** When a record that was written once may be gone. */
interface Expiry {
  readonly atMs: number;
  readonly key: string;
}

/**
 * Records under versions, some of which are gone by themselves. Reading and writing take constant time; the order of keys is made
 * when a page is asked for, and kept until a key comes or goes.
 */
export class StateTable {
  readonly #records = new Map<string, StateRecord>();
  readonly #expiries = new Heap<Expiry>((one, other) => one.atMs < other.atMs);
  #sorted: string[] | undefined;
  readonly #nextVersion: () => number;

  constructor(nextVersion: () => number) {
    this.#nextVersion = nextVersion;
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): StateRecord | undefined {
    return this.#records.get(key);
  }

  /** Whether a write would be applied. */
  allows({ key, version }: StateWrite): boolean {
    return version === undefined || version === (this.#records.get(key)?.version ?? 0);
  }

  write(write: StateWrite): Exclude<StateResult, Unknown> {
    const { key, value, expiresAtMs } = write;
    const current = this.#records.get(key);
    if (!this.allows(write)) {
      return { outcome: 'not-applied', reason: 'conflict', ...(current === undefined ? {} : { current }) };
    }
    if (value === undefined) {
      this.#delete(key);
      return { outcome: 'applied', version: 0 };
    }
    const version = this.#nextVersion();
    if (current === undefined) this.#sorted = undefined;
    this.#records.set(key, { key, value, version, ...(expiresAtMs === undefined ? {} : { expiresAtMs }) });
    if (expiresAtMs !== undefined) this.#expiresAt(key, expiresAtMs);
    return { outcome: 'applied', version };
  }

  [Symbol.iterator](): IterableIterator<StateRecord> {
    return this.#records.values();
  }

  /** Takes in a record of an image as it stands there. */
  restore(record: StateRecord): void {
    const { key, expiresAtMs } = record;
    this.#records.set(key, record);
    if (expiresAtMs !== undefined) this.#expiresAt(key, expiresAtMs);
  }

  /** Drops what has had its time. @returns the keys of what is gone */
  expire(nowMs: number): readonly string[] {
    let first = this.#expiries.first();
    if (first === undefined || first.atMs > nowMs) return [];
    const keys: string[] = [];
    for (; first !== undefined && first.atMs <= nowMs; first = this.#expiries.first()) {
      this.#expiries.takeFirst();
      // It may have been written again since, with more time or for ever.
      const expiresAtMs = this.#records.get(first.key)?.expiresAtMs ?? Number.POSITIVE_INFINITY;
      if (expiresAtMs <= nowMs && this.#delete(first.key)) keys.push(first.key);
    }
    return keys;
  }

  scan(prefix: string, after: string | undefined, limit: number): Page<StateRecord> {
    const keys = (this.#sorted ??= [...this.#records.keys()].sort(inCodeUnits));
    const items: StateRecord[] = [];
    const from = after === undefined ? prefix : after;
    for (let place = placeOf(keys, from, after !== undefined); place < keys.length; place++) {
      const key = keys[place] as string;
      if (!key.startsWith(prefix)) break;
      if (items.length === limit) return { items, cursor: (items.at(-1) as StateRecord).key };
      items.push(this.#records.get(key) as StateRecord);
    }
    return { items };
  }

  /** A record that is written again and again leaves its earlier times behind: half of them at most. */
  #expiresAt(key: string, atMs: number): void {
    this.#expiries.add({ atMs, key });
    if (this.#expiries.size <= 2 * this.#records.size + staleMin) return;
    this.#expiries.keep(expiry => this.#records.get(expiry.key)?.expiresAtMs === expiry.atMs);
  }

  #delete(key: string): boolean {
    if (!this.#records.delete(key)) return false;
    this.#sorted = undefined;
    return true;
  }
}

function inCodeUnits(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** The first place whose key is not before `from`; behind it where `isPassed`. */
function placeOf(keys: readonly string[], from: string, isPassed: boolean): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const key = keys[middle] as string;
    if (key < from || (isPassed && key === from)) low = middle + 1;
    else high = middle;
  }
  return low;
}
