import type { FactOrigin, Invariant } from '../invariant.ts';
import type { Operation } from '../operation.ts';
import type { Fact, Finding, Scenario } from '../scenario.ts';
import type { Lane } from './lane.ts';
import type { World } from './world.ts';

/** An operation while it lasts. */
export interface OpenOperation {
  process: string;
  input: unknown;
  output?: unknown;
  invokedAt: number;
  returnedAt?: number;
}

/** Hears what is observed, keeps what clients did, and says what is wrong. */
export class Referee {
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #invariants: readonly Invariant[];
  readonly #probes: Set<string> = new Set();
  readonly #history: Set<OpenOperation> = new Set();
  #operations = 0;
  #stamp = 0;

  constructor(world: World, scenario: Scenario) {
    this.#world = world;
    this.#scenario = scenario;
    this.#invariants = scenario.invariants?.map(create => create()) ?? [];
  }

  get probes(): readonly string[] {
    return [...this.#probes];
  }

  /** In the order of their invocations. */
  get history(): readonly Operation[] {
    return [...this.#history];
  }

  observe(lane: Lane, node: string, fact: Fact): void {
    const world = this.#world;
    world.touch();
    world.trace(lane, { type: 'fact', fact });
    const at: FactOrigin = { atMs: world.nowUs / 1000, node };
    try {
      for (const invariant of this.#invariants) {
        const finding = invariant.observe(fact, at);
        if (finding !== undefined) world.find(finding);
      }
    } catch (error) {
      // The program that states the fact might catch it, and nobody would know that an invariant is broken.
      world.fail(error);
      throw error;
    }
  }

  reached(lane: Lane, probe: string): void {
    this.#world.touch();
    if (this.#probes.has(probe)) return;
    this.#probes.add(probe);
    this.#world.trace(lane, { type: 'probe', probe });
  }

  /** Returns the operation's number in this run. */
  invoke(lane: Lane, operation: OpenOperation): number {
    const number = this.#operations++;
    operation.invokedAt = this.#now();
    this.#history.add(operation);
    this.#world.trace(lane, { type: 'invoke', operation: number, input: operation.input });
    return number;
  }

  return(lane: Lane, number: number, operation: OpenOperation, output: unknown): void {
    operation.output = output;
    operation.returnedAt = this.#now();
    this.#world.trace(lane, { type: 'return', operation: number, output });
  }

  /** Nobody knows whether it took effect; or everybody knows that it did not, and then it never was. */
  giveUp(
    lane: Lane,
    number: number,
    operation: OpenOperation,
    applied: 'unknown' | 'never',
    why: string,
  ): void {
    if (applied === 'never') this.#history.delete(operation);
    const prefix = applied === 'never' ? 'not applied: ' : '';
    this.#world.trace(lane, { type: 'open', operation: number, why: prefix + why });
  }

  /** After the liveness phase: asks everybody who has an opinion, until somebody finds something. */
  finish(hanging: Finding | undefined): void {
    const world = this.#world;
    let finding = hanging;
    for (const invariant of this.#invariants) finding ??= invariant.finish?.();
    finding ??= this.#scenario.check?.(this.history);
    if (finding === undefined) world.end({ verdict: 'ok' });
    else world.find(finding);
  }

  /** Simulated microseconds, but no two alike: what happened first has the lower stamp. */
  #now(): number {
    this.#stamp = Math.max(this.#stamp + 1, this.#world.nowUs);
    return this.#stamp;
  }
}
