import type { Operation } from '../operation.ts';
import type { Model } from './model.ts';
import type { Partition, ReadHistory } from './read-history.ts';
import { byReturn } from './return-order.ts';

/** Events laid out between two looks at the clock. */
const eventsPerTurn = 4096;

/**
 * The operations of one partition as the search wants them: what may take effect before each return.
 *
 * Operations go by their place in the partition, by time of invocation; a *turn* is the time just before one of them returns,
 * counted from 0. At equal times invocations come before returns, so that touching intervals overlap.
 *
 * A configuration has one bit for each operation that took effect and has not returned. Bits of operations that return are used
 * again afterwards, so there are no more of them than operations overlap; those that never return have words of their own.
 */
export interface Timeline {
  readonly count: number;
  readonly turns: number;
  /** The operation that returns at each turn. */
  readonly returns: Int32Array;
  /** At which turn each operation returns; `turns` where it never does. */
  readonly turnOf: Int32Array;
  /** Which bit each operation has. */
  readonly slotOf: Int32Array;
  /** Equal for operations that do the same. */
  readonly actionOf: Int32Array;
  /** By action: some operation that does it. */
  readonly sampleOf: Int32Array;
  /** By action: 1 where it is read only. */
  readonly readOnly: Uint8Array;
  /** The operations that are under way at turn `t` and return later or now, by return: `under[starts[t]]` to `under[starts[t + 1]]`. */
  readonly under: Int32Array;
  readonly starts: Int32Array;
  /** The first turn at which each operation is under way, as far as it is of use; `turns` where it never is. */
  readonly from: Int32Array;
  /** Operations that never return and are of use, those that do the same in a row, by invocation. */
  readonly open: readonly Int32Array[];
  /** The operation that must take effect before this one although their intervals touch; else -1. */
  readonly after: Int32Array | undefined;
  /** Words of a configuration for operations that return, and for those that never do. */
  readonly words: number;
  readonly openWords: number;
  readonly bytes: number;
}

/** Lays out a partition; yields now and then so that a deadline can be kept. */
export function* timelineOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  read: ReadHistory,
  { members }: Partition,
): Generator<void, Timeline> {
  const count = members.length;
  const returns = byReturn(read, members);
  const turns = returns.length;
  const turnOf = new Int32Array(count).fill(turns);
  for (let turn = 0; turn < turns; turn++) turnOf[returns[turn] as number] = turn;
  const after = successors(read, members);
  const actions = actionsOf(model, history, members, after);
  yield;
  const { actionOf, readOnly } = actions;
  const slotOf = new Int32Array(count);
  const from = new Int32Array(count).fill(turns);
  const starts = new Int32Array(turns + 1);
  const under = new IntList();
  const active: number[] = [];
  const free: number[] = [];
  const groups = new Map<number, number[]>();
  let slots = 0;
  let next = 0;
  for (let turn = 0; turn < turns; turn++) {
    const returning = returns[turn] as number;
    const at = read.returnedAt[members[returning] as number] as number;
    for (; next < count && (read.invokedAt[members[next] as number] as number) <= at; next++) {
      const action = actionOf[next] as number;
      // One that changes nothing and told nobody anything may as well never have happened.
      if (turnOf[next] === turns && readOnly[action] === 1) continue;
      from[next] = turn;
      if (turnOf[next] === turns) {
        const group = groups.get(action);
        if (group === undefined) groups.set(action, [next]);
        else group.push(next);
        continue;
      }
      slotOf[next] = free.pop() ?? slots++;
      insertByTurn(active, next, turnOf);
    }
    starts[turn] = under.count;
    for (const operation of active) under.push(operation);
    active.shift();
    free.push(slotOf[returning] as number);
    if (turn % eventsPerTurn === eventsPerTurn - 1) yield;
  }
  starts[turns] = under.count;
  const words = (slots + 31) >>> 5;
  const open = [...groups.values()].map(group => Int32Array.from(group));
  const openSlots = giveSlots(open, slotOf, words * 32);
  const openWords = (openSlots + 31) >>> 5;
  const bytes = under.words.byteLength + count * 4 * 8;
  const layout = { returns, turnOf, slotOf, under: under.words, starts, from, open, after };
  return { count, turns, ...layout, ...actions, words, openWords, bytes };
}

/** Bits of the open operations follow those of the others. Returns how many there are. */
function giveSlots(open: readonly Int32Array[], slotOf: Int32Array, from: number): number {
  let slot = from;
  for (const group of open) for (const operation of group) slotOf[operation] = slot++;
  return slot - from;
}

function insertByTurn(active: number[], operation: number, turnOf: Int32Array): void {
  const turn = turnOf[operation] as number;
  let at = active.push(operation) - 1;
  while (at > 0 && (turnOf[active[at - 1] as number] as number) > turn) {
    active[at] = active[at - 1] as number;
    at--;
  }
  active[at] = operation;
}

/** {@link ReadHistory.follows} by places in the partition. */
function successors({ follows }: ReadHistory, members: Int32Array): Int32Array | undefined {
  if (follows === undefined) return undefined;
  const placeOf = new Map<number, number>();
  const after = new Int32Array(members.length).fill(-1);
  let some = false;
  for (let place = 0; place < members.length; place++) {
    const index = members[place] as number;
    placeOf.set(index, place);
    const before = placeOf.get(follows[index] as number);
    if (before === undefined) continue;
    after[place] = before;
    some = true;
  }
  return some ? after : undefined;
}

type Actions = Pick<Timeline, 'actionOf' | 'sampleOf' | 'readOnly'>;

function actionsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  members: Int32Array,
  after: Int32Array | undefined,
): Actions {
  const count = members.length;
  const actionOf = new Int32Array(count);
  const samples: number[] = [];
  const actions = new Map<string | number, number>();
  // One that another must follow cannot change places with one that does the same.
  const followed = after === undefined ? undefined : new Set(after);
  for (let place = 0; place < count; place++) {
    const { input, output, returnedAt } = history[members[place] as number] as Operation<Input, Output>;
    const known = returnedAt === undefined ? undefined : output;
    const key = followed?.has(place) ? undefined : model.operationKey?.(input, known);
    let action = key === undefined ? undefined : actions.get(key);
    if (action === undefined) {
      action = samples.push(place) - 1;
      if (key !== undefined) actions.set(key, action);
    }
    actionOf[place] = action;
  }
  const readOnly = new Uint8Array(samples.length);
  for (let action = 0; action < samples.length; action++) {
    const index = members[samples[action] as number] as number;
    const { input, output, returnedAt } = history[index] as Operation<Input, Output>;
    const known = returnedAt === undefined ? undefined : output;
    if (model.readOnly?.(input, known) === true) readOnly[action] = 1;
  }
  return { actionOf, sampleOf: Int32Array.from(samples), readOnly };
}

/** Integers of which nobody knows beforehand how many there will be. */
class IntList {
  words = new Int32Array(64);
  count = 0;

  push(value: number): void {
    if (this.count === this.words.length) {
      const larger = new Int32Array(this.count * 2);
      larger.set(this.words);
      this.words = larger;
    }
    this.words[this.count++] = value;
  }
}
