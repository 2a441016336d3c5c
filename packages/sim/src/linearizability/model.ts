import type { Operation } from '../operation.ts';

/** What the ready-made models store and compare by value. */
export type Scalar = string | number | boolean | null;

/** Names an independent part of an object: see {@link Model.partition}. */
export type PartitionKey = string | number;

/**
 * A sequential object as data: what it may answer, one operation at a time.
 *
 * A history is linearizable if every operation can be given one point between its invocation and its return, so that the
 * object, doing the operations in the order of these points, would have answered the same (Herlihy & Wing, "Linearizability:
 * A Correctness Condition for Concurrent Objects", TOPLAS 1990).
 *
 * States are never changed: `step` makes a new one. All functions must be pure.
 */
export interface Model<State, Input, Output> {
  /** Kebab-case; stands in errors and findings. */
  readonly name: string;

  /** The state that every partition starts in; `undefined` is no state. */
  init(): State;

  /**
   * The state after the operation, or undefined where the object cannot have answered so in this state.
   *
   * @param output - undefined where nobody knows it, because the operation is open: then whatever the input may do in this
   *   state is right, and where that is several things the model must be content with one of them
   */
  step(state: State, input: Input, output: Output | undefined): State | undefined;

  /**
   * The part of the object that an operation touches, if it touches only one. Parts are checked apart, for a history is
   * linearizable if its restriction to each object is (Herlihy & Wing §3.3); that is what makes long histories cheap.
   */
  partition?(input: Input): PartitionKey;

  /** What equal states have in common, and no others. Needed unless states are strings, numbers, booleans or null. */
  key?(state: State): string | number;

  /**
   * What operations have in common that do the same in every state. Operations that overlap and do the same need not be
   * tried in every order, which turns many histories with unknown outcomes from hopeless to easy.
   */
  operationKey?(input: Input, output: Output | undefined): string | number;

  /**
   * Whether the operation leaves every state as it is. Such an operation takes effect as soon as it can, without trying
   * anything else. `step` should then return the very state that it was given.
   *
   * The check throws a TypeError where `step` returns another one.
   */
  readOnly?(input: Input, output: Output | undefined): boolean;

  /**
   * Whether an operation that leaves every state as it is may come to fit: whether there is a state in which it does, that this
   * one becomes by some of `inputs`, each at most once, in any order. When in doubt, true. It spares the check all those orders
   * where a read returned what none of them can make.
   */
  reachable?(state: State, input: Input, output: Output | undefined, inputs: readonly Input[]): boolean;

  /** @throws TypeError for an operation that the model does not know, or that returned what it never can */
  validate?(operation: Operation<Input, Output>): void;

  /** The operation for people: `write 3`, `read → 3`. */
  describe?(input: Input, output: Output | undefined): string;
}
