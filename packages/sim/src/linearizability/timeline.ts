import type { Operation } from '../operation.ts';
import type { Model } from './model.ts';
import type { Partition, ReadHistory } from './read-history.ts';
import { byReturn } from './return-order.ts';

/** Events laid out between two looks at the clock. */
const eventsPerTurn = 4096;
/** The same in entries that are moved or copied. */
const movesPerTurn = 1 << 18;

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

/**
 * Lays out a partition; yields now and then so that a deadline can be kept.
 *
 * @returns undefined where it would take more than so many bytes
 */
export function* timelineOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  read: ReadHistory,
  { members }: Partition,
  bytesMax: number,
): Generator<void, Timeline | undefined> {
  const count = members.length;
  const returns = yield* byReturn(read, members);
  const turns = returns.length;
  const turnOf = new Int32Array(count).fill(turns);
  for (let turn = 0; turn < turns; turn++) turnOf[returns[turn] as number] = turn;
  const after = successors(read, members);
  const actions = yield* actionsOf(model, history, members, after);
  const shape = { count, turns, returns, turnOf, after, ...actions };
  const begun = yield* beginnings(read, members, shape, bytesMax);
  if (begun === undefined) return undefined;
  const { from, starts, groups } = begun;
  const { under, slotOf, slots } = yield* overlaps(shape, from, starts);
  const words = (slots + 31) >>> 5;
  const open = groups.map(group => Int32Array.from(group));
  const openSlots = giveSlots(open, slotOf, words * 32);
  const openWords = (openSlots + 31) >>> 5;
  const bytes = under.byteLength + count * 4 * 8;
  return { ...shape, slotOf, under, starts, from, open, words, openWords, bytes };
}

type Shape = Pick<Timeline, 'count' | 'turns' | 'returns' | 'turnOf' | 'after'> & Actions;

interface Beginnings extends Pick<Timeline, 'from' | 'starts'> {
  /** Operations that never return and are of use, by action. */
  readonly groups: readonly (readonly number[])[];
}

/** Finds when operations are first under way, and how many are at each turn; undefined where they are too many in all. */
function* beginnings(
  read: ReadHistory,
  members: Int32Array,
  { count, turns, returns, turnOf, actionOf, readOnly }: Shape,
  bytesMax: number,
): Generator<void, Beginnings | undefined> {
  const from = new Int32Array(count).fill(turns);
  const starts = new Int32Array(turns + 1);
  const groups = new Map<number, number[]>();
  const underMax = Math.min(bytesMax / 4, 2 ** 31 - 1);
  let total = 0;
  let active = 0;
  let next = 0;
  for (let turn = 0; turn < turns; turn++) {
    const at = read.returnedAt[members[returns[turn] as number] as number] as number;
    for (; next < count && (read.invokedAt[members[next] as number] as number) <= at; next++) {
      if (next % eventsPerTurn === eventsPerTurn - 1) yield;
      const action = actionOf[next] as number;
      const isOpen = turnOf[next] === turns;
      // One that changes nothing and told nobody anything may as well never have happened.
      if (isOpen && readOnly[action] === 1) continue;
      from[next] = turn;
      if (!isOpen) active++;
      else if (groups.get(action)?.push(next) === undefined) groups.set(action, [next]);
    }
    total += active--;
    if (total > underMax) return undefined;
    starts[turn + 1] = total;
    if (turn % eventsPerTurn === eventsPerTurn - 1) yield;
  }
  return { from, starts, groups: [...groups.values()] };
}

/** Lists what is under way at each turn, and gives each operation that returns a bit of its own as long as it is. */
function* overlaps(
  { count, turns, returns, turnOf }: Shape,
  from: Int32Array,
  starts: Int32Array,
): Generator<void, Pick<Timeline, 'under' | 'slotOf'> & { readonly slots: number }> {
  const under = new Int32Array(starts[turns] as number);
  const slotOf = new Int32Array(count);
  const active: number[] = [];
  const free: number[] = [];
  let slots = 0;
  let next = 0;
  let work = 0;
  for (let turn = 0; turn < turns; turn++) {
    for (; next < count && (from[next] === turns || (from[next] as number) <= turn); next++) {
      if (turnOf[next] === turns) continue;
      slotOf[next] = free.pop() ?? slots++;
      work += insertByTurn(active, next, turnOf);
      if (work > movesPerTurn) {
        work = 0;
        yield;
      }
    }
    under.set(active, starts[turn]);
    work += active.length + 1;
    active.shift();
    free.push(slotOf[returns[turn] as number] as number);
    if (work > movesPerTurn) {
      work = 0;
      yield;
    }
  }
  return { under, slotOf, slots };
}

/** Bits of the open operations follow those of the others. Returns how many there are. */
function giveSlots(open: readonly Int32Array[], slotOf: Int32Array, from: number): number {
  let slot = from;
  for (const group of open) for (const operation of group) slotOf[operation] = slot++;
  return slot - from;
}

/** @returns how many it had to move */
function insertByTurn(active: number[], operation: number, turnOf: Int32Array): number {
  const turn = turnOf[operation] as number;
  let at = active.push(operation) - 1;
  while (at > 0 && (turnOf[active[at - 1] as number] as number) > turn) {
    active[at] = active[at - 1] as number;
    at--;
  }
  active[at] = operation;
  return active.length - at;
}

/** {@link ReadHistory.follows} by places in the partition. */
function successors(read: ReadHistory, members: Int32Array): Int32Array | undefined {
  const { follows, invokedAt, returnedAt } = read;
  if (follows === undefined) return undefined;
  let after: Int32Array | undefined;
  for (let place = 0; place < members.length; place++) {
    const index = members[place] as number;
    let before = follows[index] as number;
    let found = -1;
    // Calls of other partitions may lie between the two, if they took no time.
    while (before !== -1 && found === -1 && returnedAt[before] === invokedAt[index]) {
      found = placeOf(before, invokedAt, members);
      before = follows[before] as number;
    }
    if (found === -1) continue;
    after ??= new Int32Array(members.length).fill(-1);
    after[place] = found;
  }
  return after;
}

/** Finds an operation among others, which are in order of invocation and by index where that is equal; -1 where it is none of them. */
function placeOf(index: number, invokedAt: Float64Array, members: Int32Array): number {
  const at = invokedAt[index] as number;
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = members[middle] as number;
    const later = (invokedAt[other] as number) - at || other - index;
    if (later < 0) low = middle + 1;
    else high = middle;
  }
  return members[low] === index ? low : -1;
}

type Actions = Pick<Timeline, 'actionOf' | 'sampleOf' | 'readOnly'>;

function* actionsOf<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  members: Int32Array,
  after: Int32Array | undefined,
): Generator<void, Actions> {
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
    if (place % eventsPerTurn === eventsPerTurn - 1) yield;
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
