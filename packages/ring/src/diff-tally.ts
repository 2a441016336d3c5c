import type { MovedRange, RingDiff } from './diff.ts';
import { idealShares } from './ideal-shares.ts';
import type { Members } from './members.ts';

/**
 * Adds up what moves between two rings, one piece of hash space (or one key) after the other.
 *
 * Nodes of both rings share one numbering: those of the ring before by their index, then those that are new.
 */
export class DiffTally {
  readonly #ids: string[];
  /** Number of each node of the ring after. */
  readonly #numbers: Int32Array;
  /** 1 for nodes that are in both with the same weight. */
  readonly #untouched: Uint8Array;
  readonly #in: Float64Array;
  readonly #out: Float64Array;
  readonly #minimum: number;
  readonly #places: number;
  readonly #ranges: { start: number | bigint; end: number | bigint; from: number; to: number }[] = [];
  readonly #lastRange = new Map<number, number>();
  #moved = 0;
  #unnecessary = 0;
  #before: number[] = [];
  #gone: number[] = [];
  #come: number[] = [];

  constructor(from: Members, to: Members, replicas: number) {
    this.#ids = from.nodes.map(node => node.id);
    this.#numbers = Int32Array.from(to.nodes, node => {
      const index = from.indexOf(node.id);
      return index >= 0 ? index : this.#ids.push(node.id) - 1;
    });
    this.#untouched = new Uint8Array(this.#ids.length);
    for (const node of to.nodes) {
      const number = this.#numbers[node.index] as number;
      this.#untouched[number] = from.nodes[number]?.weight === node.weight ? 1 : 0;
    }
    this.#in = new Float64Array(this.#ids.length);
    this.#out = new Float64Array(this.#ids.length);
    const before = idealShares(from, replicas);
    const after = idealShares(to, replicas);
    this.#places = Math.max(1, Math.round(Math.max(sum(before), sum(after))));
    this.#minimum = this.#idealMoves(before, after) / this.#places;
  }

  /** Takes the owners of the next piece: `count` indexes from `at` on for either ring, ended early by -1. */
  load(a: Int32Array, atA: number, countA: number, b: Int32Array, atB: number, countB: number): void {
    this.#before.length = 0;
    this.#come.length = 0;
    for (let i = 0; i < countA && (a[atA + i] as number) >= 0; i++) this.#before.push(a[atA + i] as number);
    this.#gone = this.#before.slice();
    for (let i = 0; i < countB && (b[atB + i] as number) >= 0; i++) {
      const number = this.#numbers[b[atB + i] as number] as number;
      const stays = this.#gone.indexOf(number);
      if (stays >= 0) this.#gone.splice(stays, 1);
      else this.#come.push(number);
    }
  }

  /** Counts the loaded piece with its part of the whole, and keeps its range if it has one. */
  count(part: number, start?: number | bigint, end?: number | bigint): void {
    const moves = Math.max(this.#gone.length, this.#come.length);
    const share = part / this.#places;
    for (let i = 0; i < moves; i++) {
      const gone = this.#gone[i] ?? -1;
      const to = this.#come[i] ?? -1;
      const from = gone >= 0 ? gone : (this.#before[0] ?? -1);
      this.#moved += share;
      if (gone >= 0) this.#out[gone] = (this.#out[gone] as number) + share;
      if (to >= 0) this.#in[to] = (this.#in[to] as number) + share;
      if (gone >= 0 && to >= 0 && this.#untouched[gone] === 1 && this.#untouched[to] === 1)
        this.#unnecessary += share;
      if (start !== undefined && end !== undefined) this.#keepRange(start, end, from, to);
    }
  }

  /** Multiplies what was counted, for pieces whose number was not known before. */
  scale(by: number): void {
    this.#moved *= by;
    this.#unnecessary *= by;
    for (let i = 0; i < this.#in.length; i++) {
      this.#in[i] = (this.#in[i] as number) * by;
      this.#out[i] = (this.#out[i] as number) * by;
    }
  }

  result(space: string | undefined): RingDiff {
    const perNode = new Map<string, { in: number; out: number }>();
    for (const [number, id] of this.#ids.entries()) {
      const taken = this.#in[number] as number;
      const given = this.#out[number] as number;
      if (taken > 0 || given > 0) perNode.set(id, { in: taken, out: given });
    }
    const name = (number: number): string | undefined => (number < 0 ? undefined : this.#ids[number]);
    return {
      exact: space !== undefined,
      space,
      moved: this.#moved,
      minimum: this.#minimum,
      unnecessary: this.#unnecessary,
      ranges: this.#ranges.map(({ start, end, from, to }): MovedRange => {
        return { start, end, from: name(from), to: name(to) };
      }),
      perNode,
    };
  }

  #keepRange(start: number | bigint, end: number | bigint, from: number, to: number): void {
    const pair = (from + 1) * (this.#ids.length + 1) + to + 1;
    const last = this.#ranges[this.#lastRange.get(pair) ?? -1];
    if (last?.end === start) last.end = end;
    else this.#lastRange.set(pair, this.#ranges.push({ start, end, from, to }) - 1);
  }

  #idealMoves(before: Float64Array, after: Float64Array): number {
    const wanted = new Float64Array(this.#ids.length);
    for (const [index, share] of after.entries()) wanted[this.#numbers[index] as number] = share;
    let taken = 0;
    let given = 0;
    for (const [number, share] of wanted.entries()) {
      const gain = share - (before[number] ?? 0);
      if (gain > 0) taken += gain;
      else given -= gain;
    }
    return Math.max(taken, given);
  }
}

function sum(shares: Float64Array): number {
  return shares.reduce((total, share) => total + share, 0);
}
