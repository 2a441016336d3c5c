import type { Operation } from '../operation.ts';
import type { Model } from './model.ts';
import { StateTable } from './state-table.ts';
import { WordTable } from './word-table.ts';

/** The state that an impossible step leads to. */
export const impossible = -1;

/** A model's steps by numbers: each step from a state by an action is taken once and remembered. */
export class Transitions<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  /** By action: an operation that does it. */
  readonly #samples: readonly Operation<Input, Output>[];
  readonly #states: StateTable<State>;
  /** From a state, plus one, and an action to the next state, plus two; 0 is not yet known. */
  readonly #steps = new WordTable(2);
  /** The state of {@link Model.init}. */
  readonly first: number;

  constructor(model: Model<State, Input, Output>, samples: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#samples = samples;
    this.#states = new StateTable(model);
    this.first = this.#states.idOf(model.init());
  }

  get bytes(): number {
    return this.#steps.bytes + this.#states.bytes;
  }

  state(id: number): State {
    return this.#states.at(id);
  }

  /**
   * Whether a read-only action is right in a state. Asking the model is cheaper than remembering what it said.
   *
   * @throws TypeError where it changes the state
   */
  fits(state: number, action: number): boolean {
    const { input, output, returnedAt } = this.#samples[action] as Operation<Input, Output>;
    const from = this.#states.at(state);
    const next = this.#model.step(from, input, returnedAt === undefined ? undefined : output);
    if (next === undefined) return false;
    if (next === from || this.#states.idOf(next) === state) return true;
    throw new TypeError(
      `Model "${this.#model.name}" must not change the state by what it says is read only: received ${JSON.stringify(input)}`,
    );
  }

  step(state: number, action: number): number {
    const steps = this.#steps;
    steps.key[0] = state + 1;
    steps.key[1] = action;
    if (steps.locate()) return (steps.words[steps.at] as number) - 2;
    const { words, at } = steps;
    const next = this.#take(state, action);
    words[at] = next + 2;
    return next;
  }

  /** Whether a read-only action that is wrong in a state may become right by some of these actions. */
  reachable(state: number, action: number, actions: readonly number[]): boolean {
    if (this.#model.reachable === undefined) return true;
    const { input, output } = this.#samples[action] as Operation<Input, Output>;
    const inputs = actions.map(one => (this.#samples[one] as Operation<Input, Output>).input);
    return this.#model.reachable(this.#states.at(state), input, output, inputs);
  }

  #take(state: number, action: number): number {
    const { input, output, returnedAt } = this.#samples[action] as Operation<Input, Output>;
    const known = returnedAt === undefined ? undefined : output;
    const next = this.#model.step(this.#states.at(state), input, known);
    return next === undefined ? impossible : this.#states.idOf(next);
  }
}
