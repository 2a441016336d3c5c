/**
 * Maglev's lookup table (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, §3.4,
 * pseudocode 1): each node has its own permutation of the table's slots and takes, turn by turn, the next one that is free.
 * Weights as Envoy has them (maglev_lb.cc, `constructImplementationInternals`): the heaviest node takes part in each turn,
 * one of half its weight in every other.
 */

import type { Members } from '../members.ts';
import { type Owners, ownersArray } from '../points/points.ts';
import { keyWords } from './hash/key-words.ts';
import { hash64, remainder } from './hash/uint64.ts';
import { xxh64 } from './hash/xxh64.ts';

/** Default number of slots, the smaller of the paper's two. At 100 slots a node, loads differ by 1 %. */
export const TABLE_SIZE_DEFAULT = 65_537;
/** Envoy's limit. */
export const TABLE_SIZE_MAX = 5_000_011;

/**
 * Checks the option `tableSize`: a prime, for else a permutation would not reach every slot.
 *
 * @throws RangeError
 */
export function checkedTableSize(tableSize: number): number {
  if (Number.isInteger(tableSize) && tableSize >= 2 && tableSize <= TABLE_SIZE_MAX && isPrime(tableSize)) {
    return tableSize;
  }
  throw new RangeError(
    `Table size must be a prime number from 2 to ${TABLE_SIZE_MAX}: received ${tableSize}`,
  );
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

/** The permutations of the nodes that take part, in the order of their turns. */
interface Turns {
  readonly nodes: Int32Array;
  /** Normalised to a sum of 1. */
  readonly weights: Float64Array;
  readonly slots: Int32Array;
  readonly skips: Int32Array;
}

/**
 * Fills the table: the index of the owner of each slot. Empty where no node has weight.
 *
 * Offset and skip are XXH64 of the id with seeds 0 and 1, and nodes take turns in the order of their ids' bytes, as in
 * Envoy; so the table depends on the set of members only.
 *
 * @throws RangeError where more nodes have weight than the table has slots.
 */
export function maglevTable(members: Members, tableSize: number): Owners {
  const table = ownersArray(members.nodes.length, members.totalWeight === 0 ? 0 : tableSize);
  const turns = takeTurns(members, tableSize);
  const count = turns.nodes.length;
  if (count > tableSize) {
    throw new RangeError(
      `Table of ${tableSize} slots must have at least one for each node: received ${count} nodes`,
    );
  }
  if (count > 0) fill(table, turns, tableSize);
  return table;
}

function takeTurns(members: Members, tableSize: number): Turns {
  const encoder = new TextEncoder();
  const rows = members.nodes
    .filter(node => node.weight > 0)
    .map(node => ({ node, bytes: encoder.encode(node.id) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes));
  const turns: Turns = {
    nodes: Int32Array.from(rows, row => row.node.index),
    weights: Float64Array.from(rows, row => row.node.weight / members.totalWeight),
    slots: new Int32Array(rows.length),
    skips: new Int32Array(rows.length),
  };
  const hash = hash64();
  const remainderBy = (divisor: number, seed: number): number => {
    xxh64(keyWords.words, keyWords.length, 0, seed, hash);
    return remainder(hash[0] as number, hash[1] as number, divisor, 2 ** 32 % divisor);
  };
  rows.forEach((row, i) => {
    keyWords.load(row.bytes);
    turns.slots[i] = remainderBy(tableSize, 0);
    turns.skips[i] = remainderBy(tableSize - 1, 1) + 1;
  });
  return turns;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

/** For how many turns ahead the nodes that can be due are listed, so that a turn does not ask the thousands that are not. */
const TURNS_LISTED = 64;

function fill(table: Owners, turns: Turns, tableSize: number): void {
  const { nodes, weights, slots, skips } = turns;
  const taken = new Uint8Array(tableSize);
  const targets = new Float64Array(nodes.length);
  const due = new Float64Array(nodes.length).fill(1);
  const heaviest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  const soon = new Int32Array(nodes.length);
  let soonCount = 0;
  let left = tableSize;
  for (let turn = 1; left > 0; turn++) {
    if (turn % TURNS_LISTED === 1) soonCount = listDue(due, turn + TURNS_LISTED, soon);
    for (let at = 0; at < soonCount && left > 0; at++) {
      const i = soon[at] as number;
      if ((due[i] as number) > turn) continue;
      const target = (targets[i] as number) + heaviest;
      targets[i] = target;
      due[i] = firstTurn(weights[i] as number, target, tableSize);
      const skip = skips[i] as number;
      let slot = slots[i] as number;
      while (taken[slot] === 1) {
        slot += skip;
        if (slot >= tableSize) slot -= tableSize;
      }
      taken[slot] = 1;
      table[slot] = nodes[i] as number;
      slots[i] = slot;
      left--;
    }
  }
}

function listDue(due: Float64Array, before: number, into: Int32Array): number {
  let count = 0;
  for (let i = 0; i < due.length; i++) if ((due[i] as number) < before) into[count++] = i;
  return count;
}

/** The first turn at which turn × weight reaches the target, in floating point as Envoy asks it; there are at most `turnsMax`. */
function firstTurn(weight: number, target: number, turnsMax: number): number {
  let turn = Math.ceil(target / weight);
  if (turn > turnsMax + 1) return turn;
  while ((turn - 1) * weight >= target) turn--;
  while (turn * weight < target) turn++;
  return turn;
}
