import type { Operation } from '../operation.ts';
import { Configurations } from './configurations.ts';
import type { Model } from './model.ts';
import type { Timeline } from './timeline.ts';
import { impossible, Transitions } from './transitions.ts';

/** Words of open operations up to which a move is worth remembering: one expansion notes as many sets as there are moves. */
const openWordsMax = 64;

/** How a search stands: it goes on, or it knows. */
export type SearchState = 'going' | 'ok' | 'violation';

/**
 * Looks for an order of one partition's operations that the model allows.
 *
 * Depth first, with a memory of the configurations that led nowhere (Wing & Gong 1993; Lowe 2017; Horn & Kroening 2015).
 * Operations take effect as late as they can: only when one is about to return must it have done so, and then others may have
 * to before it. So a configuration is the turn, the state, and the few operations that took effect ahead of their return; where
 * nothing is under way it is the turn and the state alone, which cuts the history into slices by itself. What is never tried:
 *
 * - to hold back a read that fits, for it takes nothing from anybody;
 * - two operations that do the same in both orders: the one that returns first goes first;
 * - an operation that never returned where it changes nothing, or where the same was reached with fewer of those.
 */
export class Search<State, Input, Output> {
  readonly #timeline: Timeline;
  readonly #transitions: Transitions<State, Input, Output>;
  readonly #reached: Configurations;

  #turn = 0;
  #state: number;
  readonly #taken: Int32Array;
  readonly #path: Int32Array;
  #length = 0;
  #standing: SearchState = 'going';
  /** Whether the last move was the only one there was, so that remembering where it led is worth nothing. */
  #forced = false;

  /** The first turn at which an operation that never returned is under way. */
  readonly #openFrom: number;
  /** The first turn at which moves are remembered before they are tried: {@link #openFrom}, but for very many open operations. */
  readonly #lookAheadFrom: number;

  /** Frames: where there was more than one way to go on. */
  #depth = 0;
  readonly #frameTurn: Int32Array;
  readonly #frameState: Int32Array;
  readonly #frameLength: Int32Array;
  #frameTaken: Int32Array<ArrayBuffer>;
  /** Where a frame's untried moves begin; -1 before they were looked for. They end where those of the next frame begin. */
  readonly #frameMoves: Int32Array;
  #moves = new Int32Array(128);
  #moveCount = 0;
  /** By action: the last frame whose moves include it. */
  readonly #seenAt: Float64Array;
  #expansions = 0;

  #bestTurn = -1;
  #bestLength = 0;
  #bestState = 0;
  readonly #best: Int32Array;
  /** Up to here the path is still what it was when it was last copied. */
  #shared = 0;

  constructor(
    model: Model<State, Input, Output>,
    timeline: Timeline,
    samples: readonly Operation<Input, Output>[],
  ) {
    const { count, words, openWords } = timeline;
    this.#timeline = timeline;
    this.#transitions = new Transitions(model, samples);
    this.#reached = new Configurations(words, openWords);
    this.#state = this.#transitions.first;
    this.#taken = new Int32Array(words + openWords);
    this.#path = new Int32Array(count);
    this.#best = new Int32Array(count);
    this.#frameTurn = new Int32Array(count + 1);
    this.#frameState = new Int32Array(count + 1);
    this.#frameLength = new Int32Array(count + 1);
    this.#frameMoves = new Int32Array(count + 1);
    this.#frameTaken = new Int32Array(64 * (words + openWords));
    const firstOpen = timeline.open[0]?.[0];
    this.#openFrom = firstOpen === undefined ? timeline.turns : (timeline.from[firstOpen] as number);
    this.#lookAheadFrom = openWords <= openWordsMax ? this.#openFrom : timeline.turns;
    this.#seenAt = new Float64Array(timeline.sampleOf.length);
  }

  /** Memory held, in bytes, as far as it grows with the search. */
  get bytes(): number {
    const fixed = this.#frameTaken.byteLength + this.#path.length * 4 * 6;
    return this.#timeline.bytes + fixed + this.#transitions.bytes + this.#reached.bytes;
  }

  /** After `ok`: the operations in a right order, by their place in the partition. */
  get order(): Int32Array {
    return this.#path.subarray(0, this.#length);
  }

  /** The longest way that was found: right for everything that returned before turn {@link bestTurn}. */
  get best(): Int32Array {
    return this.#best.subarray(0, this.#bestLength);
  }

  get bestTurn(): number {
    return this.#bestTurn;
  }

  /** The state at the end of {@link best}. */
  get bestState(): State {
    return this.#transitions.state(this.#bestState);
  }

  /** Goes on for so many configurations, and counts them. */
  run(stepsMax: number, counter: { steps: number }): SearchState {
    let step = 0;
    for (; step < stepsMax && this.#standing === 'going'; step++) {
      if (!this.#advance()) this.#back();
    }
    counter.steps += step;
    return this.#standing;
  }

  /** From the current configuration to the next. @returns false where this way ends */
  #advance(): boolean {
    const { turns, returns, slotOf, actionOf, readOnly, starts } = this.#timeline;
    this.#settle();
    const turn = this.#turn;
    if (turn === turns) {
      this.#standing = 'ok';
      return true;
    }
    const returning = returns[turn] as number;
    const alone = (starts[turn + 1] as number) - (starts[turn] as number) === 1 && turn < this.#openFrom;
    if ((!alone || !this.#forced) && !this.#reached.add(turn, this.#state, this.#taken)) return false;
    this.#forced = alone;
    if (!alone) this.#pushFrame();
    const action = actionOf[returning] as number;
    // A read that returns now and did not take effect does not fit; something must come before it.
    const next = readOnly[action] === 1 ? impossible : this.#transitions.step(this.#state, action);
    if (next === impossible) {
      if (alone) this.#record();
      return false;
    }
    this.#take(returning, next);
    const slot = slotOf[returning] as number;
    this.#taken[slot >>> 5] = (this.#taken[slot >>> 5] as number) & ~(1 << (slot & 31));
    this.#turn = turn + 1;
    return true;
  }

  /** Lets reads that fit take effect, and passes the returns of what took effect. */
  #settle(): void {
    const { turns, returns, slotOf, actionOf, readOnly, from, under, starts, after } = this.#timeline;
    const taken = this.#taken;
    const first = this.#turn;
    while (this.#turn < turns) {
      const end = starts[this.#turn + 1] as number;
      for (let place = starts[this.#turn] as number; place < end; place++) {
        const operation = under[place] as number;
        const action = actionOf[operation] as number;
        if (readOnly[action] === 0 || this.#has(operation)) continue;
        if (after !== undefined) {
          if (!this.#mayFollow(operation)) continue;
        } else if (this.#turn > first && (from[operation] as number) < this.#turn) {
          continue; // It did not fit a turn ago, and the state is still the same.
        }
        if (this.#transitions.fits(this.#state, action)) this.#take(operation, this.#state);
      }
      const returning = slotOf[returns[this.#turn] as number] as number;
      const bit = 1 << (returning & 31);
      const word = taken[returning >>> 5] as number;
      if ((word & bit) === 0) return;
      taken[returning >>> 5] = word & ~bit;
      this.#turn++;
    }
  }

  #has(operation: number): boolean {
    const slot = this.#timeline.slotOf[operation] as number;
    return ((this.#taken[slot >>> 5] as number) & (1 << (slot & 31))) !== 0;
  }

  /** Whether the operation that this one follows at the same time has taken effect. */
  #mayFollow(operation: number): boolean {
    const before = this.#timeline.after?.[operation] as number;
    return before === -1 || (this.#timeline.turnOf[before] as number) < this.#turn || this.#has(before);
  }

  #take(operation: number, next: number): void {
    const slot = this.#timeline.slotOf[operation] as number;
    this.#taken[slot >>> 5] = (this.#taken[slot >>> 5] as number) | (1 << (slot & 31));
    this.#path[this.#length++] = operation;
    this.#state = next;
  }

  #pushFrame(): void {
    const frame = this.#depth++;
    const taken = this.#taken;
    this.#frameTurn[frame] = this.#turn;
    this.#frameState[frame] = this.#state;
    this.#frameLength[frame] = this.#length;
    this.#frameMoves[frame] = -1;
    const at = frame * taken.length;
    if (at === this.#frameTaken.length) this.#frameTaken = doubled(this.#frameTaken);
    for (let word = 0; word < taken.length; word++) this.#frameTaken[at + word] = taken[word] as number;
  }

  /** Takes the next move that was not tried; where there is none, this was a violation. */
  #back(): void {
    const taken = this.#taken;
    this.#forced = false;
    while (this.#depth > 0) {
      const frame = this.#depth - 1;
      this.#turn = this.#frameTurn[frame] as number;
      this.#state = this.#frameState[frame] as number;
      this.#length = this.#frameLength[frame] as number;
      if (this.#length < this.#shared) this.#shared = this.#length;
      const at = frame * taken.length;
      for (let word = 0; word < taken.length; word++) taken[word] = this.#frameTaken[at + word] as number;
      let begin = this.#frameMoves[frame] as number;
      if (begin === -1) {
        this.#record();
        begin = this.#moveCount;
        this.#frameMoves[frame] = begin;
        this.#findMoves();
      }
      if (this.#moveCount > begin) {
        const next = this.#moves[--this.#moveCount] as number;
        this.#take(this.#moves[--this.#moveCount] as number, next);
        return;
      }
      this.#depth = frame;
    }
    this.#standing = 'violation';
  }

  /** Every move but that of the operation that returns now, which was tried first; the last is tried first. */
  #findMoves(): void {
    const { starts, under, open, actionOf, readOnly, after } = this.#timeline;
    const turn = this.#turn;
    if (this.#isHopeless(turn)) return;
    const stamp = ++this.#expansions;
    const begin = this.#moveCount;
    const first = starts[turn] as number;
    const end = starts[turn + 1] as number;
    this.#seenAt[actionOf[under[first] as number] as number] = stamp;
    for (let place = first + 1; place < end; place++) {
      const operation = under[place] as number;
      const action = actionOf[operation] as number;
      // A read that fits has taken effect; one that does not fit does not.
      if (readOnly[action] === 1 || this.#seenAt[action] === stamp || this.#has(operation)) continue;
      if (after !== undefined && !this.#mayFollow(operation)) continue;
      this.#seenAt[action] = stamp;
      this.#addMove(operation, this.#transitions.step(this.#state, action));
    }
    for (const group of open) {
      const operation = this.#firstUnused(group, turn);
      if (operation === -1) continue;
      const next = this.#transitions.step(this.#state, actionOf[operation] as number);
      if (next !== this.#state) this.#addMove(operation, next);
    }
    this.#reverseMoves(begin);
  }

  /** Whether what returns now is a read that nothing which is under way can make fit. */
  #isHopeless(turn: number): boolean {
    const { returns, readOnly, actionOf, under, starts, open, from } = this.#timeline;
    const returning = actionOf[returns[turn] as number] as number;
    if (readOnly[returning] === 0) return false;
    const writes: number[] = [];
    for (let place = (starts[turn] as number) + 1; place < (starts[turn + 1] as number); place++) {
      const operation = under[place] as number;
      const action = actionOf[operation] as number;
      if (readOnly[action] === 0 && !this.#has(operation)) writes.push(action);
    }
    for (const group of open) {
      for (const operation of group) {
        if ((from[operation] as number) > turn) break;
        if (!this.#has(operation)) writes.push(actionOf[operation] as number);
      }
    }
    return !this.#transitions.reachable(this.#state, returning, writes);
  }

  #firstUnused(group: Int32Array, turn: number): number {
    const { from, after } = this.#timeline;
    for (const operation of group) {
      if ((from[operation] as number) > turn) return -1;
      if (this.#has(operation)) continue;
      if (after === undefined || this.#mayFollow(operation)) return operation;
    }
    return -1;
  }

  #addMove(operation: number, next: number): void {
    if (next === impossible) return;
    if (this.#turn >= this.#lookAheadFrom && !this.#isNews(operation, next)) return;
    if (this.#moveCount + 2 > this.#moves.length) this.#moves = doubled(this.#moves);
    this.#moves[this.#moveCount++] = operation;
    this.#moves[this.#moveCount++] = next;
  }

  /**
   * Whether nothing that is at least as good waits to be tried or was. Depth first alone would meet what used up the most open
   * operations before what used up the fewest, and go through all their subsets.
   */
  #isNews(operation: number, next: number): boolean {
    const slot = this.#timeline.slotOf[operation] as number;
    const word = this.#taken[slot >>> 5] as number;
    this.#taken[slot >>> 5] = word | (1 << (slot & 31));
    const isNew = this.#reached.addMove(this.#turn, next, this.#taken);
    this.#taken[slot >>> 5] = word;
    return isNew;
  }

  #reverseMoves(begin: number): void {
    const moves = this.#moves;
    for (let low = begin, high = this.#moveCount - 2; low < high; low += 2, high -= 2) {
      const operation = moves[low] as number;
      const next = moves[low + 1] as number;
      moves[low] = moves[high] as number;
      moves[low + 1] = moves[high + 1] as number;
      moves[high] = operation;
      moves[high + 1] = next;
    }
  }

  /** Keeps the current path where none led further; copies only what changed since the last time. */
  #record(): void {
    if (this.#turn < this.#bestTurn) return;
    if (this.#turn === this.#bestTurn && this.#length <= this.#bestLength) return;
    this.#best.set(this.#path.subarray(this.#shared, this.#length), this.#shared);
    this.#bestTurn = this.#turn;
    this.#bestLength = this.#length;
    this.#bestState = this.#state;
    this.#shared = this.#length;
  }
}

function doubled(words: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(words.length * 2);
  larger.set(words);
  return larger;
}
