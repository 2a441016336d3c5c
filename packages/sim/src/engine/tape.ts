import { type Random, seededRandom } from '@quorate/core';
import type { Dice } from '../device.ts';
import { Removals } from './removals.ts';

/**
 * Every draw of a run, by label. Each label has a stream of its own that follows from the seed and the label alone, so that
 * taking one thing away moves nothing else.
 */
export class Tape implements Dice {
  readonly #root: Random;
  readonly #draws: Map<string, Draw> = new Map();
  readonly #removals: Removals;
  readonly #happened: string[] | undefined;

  /** @throws RangeError when a name in `without` is empty, or ends in `#` and no number */
  constructor(seed: number, without: readonly string[], record: boolean) {
    this.#root = seededRandom(seed);
    this.#removals = new Removals(without);
    this.#happened = record ? [] : undefined;
  }

  /** What happened and could have been taken away, in order. */
  get removable(): readonly string[] | undefined {
    return this.#happened;
  }

  /** A stream for what is not to be taken away: a node's own randomness, the plan of a fault's episodes. */
  random(label: string): Random {
    return this.#root.fork(label);
  }

  /** The draws under a label. Ask once and keep it where draws are frequent. */
  draw(label: string): Draw {
    const known = this.#draws.get(label);
    if (known !== undefined) return known;
    const fresh = new Draw(label, this.#root.fork(label), this.#removals, this.#happened);
    this.#draws.set(label, fresh);
    return fresh;
  }

  chance(label: string, probability: number): boolean {
    return this.draw(label).chance(probability);
  }

  between(label: string, min: number, max: number): number {
    return this.draw(label).between(min, max);
  }

  /** Whether an episode or an operation is not taken away. */
  has(label: string, index: number): boolean {
    return !this.#removals.has(label, index);
  }

  /** Says whether an episode or an operation is there, and puts it on the tape if so. */
  takes(label: string, index: number): boolean {
    if (!this.has(label, index)) return false;
    this.#happened?.push(`${label}#${index}`);
    return true;
  }
}

/**
 * The draws under one label: the k-th is a word that follows from the seed, the label and k alone. The generator is SplitMix
 * with 32 bits and a step of each label's own (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014),
 * finished as in MurmurHash3: one word of state, since there is a stream for each thing that may happen.
 */
export class Draw {
  readonly #label: string;
  readonly #step: number;
  #state: number;
  readonly #removed: Removals | undefined;
  readonly #happened: string[] | undefined;
  #count = 0;

  constructor(label: string, random: Random, removals: Removals, happened: string[] | undefined) {
    this.#label = label;
    this.#state = random.uint32() | 0;
    this.#step = random.uint32() | 1;
    this.#removed = removals.concerns(label) ? removals : undefined;
    this.#happened = happened;
  }

  /** True with the given probability. Harmless: false. */
  chance(probability: number): boolean {
    return this.word() >>> 0 < probability * 0x1_0000_0000 && this.keepsLast();
  }

  /** An integer from `min` to `max`, both included. Harmless: `min`. */
  between(min: number, max: number): number {
    const range = max - min + 1;
    let share = (this.word() >>> 0) / 0x1_0000_0000;
    // One word gives every value of a small range; larger ones need more bits than a word has.
    if (range > 0x20_0000) share += (this.#next() >>> 11) / 0x20_0000_0000_0000;
    const value = min + Math.floor(share * range);
    return value > min && this.keepsLast() ? value : min;
  }

  /**
   * Counts an answer that somebody made of a word of another label, which saves a word where two are never asked for apart.
   * Harmless: false.
   */
  decide(answer: boolean): boolean {
    this.#count++;
    return answer && this.keepsLast();
  }

  /**
   * A word with its sign, for whoever makes an answer of it that has a harmless and a harmful part. Ask {@link keepsLast} where
   * it turned out to be harmful.
   */
  word(): number {
    this.#count++;
    return this.#next();
  }

  /** Whether what the last draw said may happen; puts it on the tape if so. */
  keepsLast(): boolean {
    const index = this.#count - 1;
    if (this.#removed?.has(this.#label, index)) return false;
    this.#happened?.push(`${this.#label}#${index}`);
    return true;
  }

  #next(): number {
    this.#state = (this.#state + this.#step) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85eb_ca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
    return mixed ^ (mixed >>> 16);
  }
}
