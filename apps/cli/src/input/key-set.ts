import { CommandFailure } from '../failure.ts';
import { Fingerprint } from './fingerprint.ts';

/** The most distinct keys that are told apart: 2 GiB of table at 8 bytes a slot, filled to 70 %. */
export const distinctKeysMax: number = Math.floor(0.7 * 2 ** 28);

const slotsMin = 2 ** 12;

/**
 * Which keys were seen, and how often.
 *
 * Keys are told apart by 64 bits of hash, so a key costs 11 to 23 bytes (17 to 34 with counts), however long it is, and half
 * as much again while the table grows. The chance that any two of n keys are taken for one is about n² / 2^65: one in
 * 370,000 at ten million keys.
 */
export class KeySet {
  readonly #hash = new Fingerprint();
  readonly #counting: boolean;
  #high: Uint32Array;
  #low: Uint32Array;
  #counts: Uint32Array;
  #mask: number;
  /** How many distinct keys were added. */
  size = 0;

  constructor(options: { readonly counting: boolean }) {
    this.#counting = options.counting;
    this.#high = new Uint32Array(slotsMin);
    this.#low = new Uint32Array(slotsMin);
    this.#counts = new Uint32Array(this.#counting ? slotsMin : 0);
    this.#mask = slotsMin - 1;
  }

  /**
   * Adds a key. @returns how often it was added up to now: 1 for a new key. Without counting every repeat gives 2.
   *
   * @throws CommandFailure beyond {@link distinctKeysMax} distinct keys
   */
  add(key: Uint8Array): number {
    this.#hash.update(key);
    // Both words zero mark a free slot, so that one fingerprint is moved aside.
    const high = this.#hash.high;
    const low = high === 0 && this.#hash.low === 0 ? 1 : this.#hash.low;
    const slot = this.#find(high, low);
    if ((this.#high[slot] as number) !== 0 || (this.#low[slot] as number) !== 0) {
      return this.#counting ? this.#increment(slot) : 2;
    }
    this.#high[slot] = high;
    this.#low[slot] = low;
    if (this.#counting) this.#counts[slot] = 1;
    this.size++;
    if (this.size > 0.7 * (this.#mask + 1)) this.#grow();
    return 1;
  }

  #increment(slot: number): number {
    const count = Math.min((this.#counts[slot] as number) + 1, 0xffff_ffff);
    this.#counts[slot] = count;
    return count;
  }

  #find(high: number, low: number): number {
    let slot = low & this.#mask;
    for (;;) {
      const there = this.#low[slot] as number;
      const thereHigh = this.#high[slot] as number;
      if ((there === low && thereHigh === high) || (there === 0 && thereHigh === 0)) return slot;
      slot = (slot + 1) & this.#mask;
    }
  }

  #grow(): void {
    if (this.size >= distinctKeysMax) {
      throw new CommandFailure(
        `There are more than ${distinctKeysMax} distinct keys: give a sample of them, or --assume-distinct`,
      );
    }
    const [high, low, counts] = [this.#high, this.#low, this.#counts];
    const slots = 2 * (this.#mask + 1);
    this.#mask = slots - 1;
    this.#high = new Uint32Array(slots);
    this.#low = new Uint32Array(slots);
    this.#counts = new Uint32Array(this.#counting ? slots : 0);
    for (let from = 0; from < high.length; from++) {
      if (high[from] === 0 && low[from] === 0) continue;
      const to = this.#find(high[from] as number, low[from] as number);
      this.#high[to] = high[from] as number;
      this.#low[to] = low[from] as number;
      if (this.#counting) this.#counts[to] = counts[from] as number;
    }
  }
}
