import type { Clock, LinkedSignal, WaitOptions } from '@quorate/core';
import type { RunOptions } from '../../run-result.ts';
import { sameFailure, type SeedOutcome } from './seed-outcome.ts';

export interface ShrinkOptions extends WaitOptions {
  readonly clock: Clock;
  /** The failure. Its `removable` may be absent. */
  readonly outcome: SeedOutcome;
  /** What it was run with. */
  readonly options: RunOptions;
  /** The length of the safety phase in that run. */
  readonly safetyMs: number;
  /** Runs a seed; gives `removable` where that is asked for. */
  readonly attempt: (options: RunOptions, wantsRemovable: boolean) => Promise<SeedOutcome>;
  /** How many runs it may take. Default 2,000. */
  readonly runsMax?: number;
  readonly onProgress?: (progress: ShrinkProgress) => void;
}

export interface ShrinkProgress {
  readonly runs: number;
  readonly events: number;
  readonly eventsBefore: number;
}

/** The smallest run so far that fails in the same way, and what the search has cost. */
export class ShrinkState {
  readonly #target: ShrinkOptions;
  readonly #runsMax: number;
  readonly #link: LinkedSignal;
  readonly #over: Promise<undefined>;
  #options: RunOptions;
  #outcome: SeedOutcome;
  #accepted = 0;
  #runs = 0;

  constructor(target: ShrinkOptions, runsMax: number, link: LinkedSignal) {
    this.#target = target;
    this.#runsMax = runsMax;
    this.#link = link;
    this.#over = new Promise(resolve => {
      link.signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    this.#options = target.options;
    this.#outcome = target.outcome;
  }

  get options(): RunOptions {
    return this.#options;
  }

  get outcome(): SeedOutcome {
    return this.#outcome;
  }

  get without(): readonly string[] {
    return this.#options.without ?? [];
  }

  get safetyMs(): number {
    return this.#options.safetyMs ?? this.#target.safetyMs;
  }

  get runs(): number {
    return this.#runs;
  }

  /** How often something smaller was found. */
  get progress(): number {
    return this.#accepted;
  }

  /** Whether runs or time are used up. */
  get isSpent(): boolean {
    return this.#runs >= this.#runsMax || this.#link.signal.aborted || this.#link.remainingMs() <= 0;
  }

  /** Runs the failure again, to learn what can be taken away. */
  async begin(): Promise<SeedOutcome | undefined> {
    const outcome = await this.#attempt(this.#options, true);
    if (outcome !== undefined && sameFailure(this.#target.outcome, outcome)) this.#outcome = outcome;
    return outcome;
  }

  /** What could be taken away from the smallest run so far. */
  async removable(): Promise<readonly string[]> {
    if (this.#outcome.removable === undefined) await this.begin();
    return this.#outcome.removable ?? [];
  }

  /** Whether the run with these changes fails in the same way, after no more events; it is the smallest from then on. */
  async tryOptions(changes: Pick<RunOptions, 'without' | 'safetyMs'>): Promise<boolean> {
    const { outcome: original, onProgress } = this.#target;
    const options = { ...this.#options, ...changes };
    const outcome = await this.#attempt({ ...options, eventsMax: original.events }, false);
    if (outcome === undefined) return false;
    const isSame = sameFailure(original, outcome) && outcome.events <= original.events;
    if (isSame) {
      this.#options = options;
      this.#outcome = outcome;
      this.#accepted += 1;
    }
    onProgress?.({ runs: this.#runs, events: this.#outcome.events, eventsBefore: original.events });
    return isSame;
  }

  /** A run, unless runs or time are used up by then: nobody waits for one that is late. */
  async #attempt(options: RunOptions, wantsRemovable: boolean): Promise<SeedOutcome | undefined> {
    if (this.isSpent) return undefined;
    this.#runs += 1;
    const outcome = this.#target.attempt(options, wantsRemovable);
    // A pool that is taken down by whoever aborted fails what is under way: that is no news.
    outcome.catch(() => {});
    return Promise.race([outcome, this.#over]);
  }
}
