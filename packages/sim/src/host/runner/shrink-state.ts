import type { Clock, LinkedSignal, WaitOptions } from '@quorate/core';
import type { RunOptions } from '../../run-result.ts';
import type { RunChanges } from './run-changes.ts';
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

/** So many times the events of the smallest run may come back when things are taken away. */
const moreEvents = 1.1;

/** The smallest run so far that fails in the same way, and what the search has cost. */
export class ShrinkState {
  readonly #target: ShrinkOptions;
  readonly #runsMax: number;
  readonly #link: LinkedSignal;
  readonly #over: Promise<undefined>;
  #options: RunOptions;
  #outcome: SeedOutcome;
  #leastEvents: number;
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
    this.#leastEvents = target.outcome.events;
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

  get earlierMs(): number {
    return this.#options.earlierMs ?? 0;
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

  /**
   * Whether the run with these changes fails in the same way; it is the best from then on. With fewer things that go wrong a few
   * more events are no loss; a change that is there for the events alone must have fewer.
   */
  async tryOptions(changes: RunChanges, mustHave?: 'fewer events'): Promise<boolean> {
    const { outcome: original, onProgress } = this.#target;
    const options = { ...this.#options, ...changes };
    const events = Math.floor(this.#leastEvents * moreEvents) + 10;
    const eventsMax = mustHave === undefined ? Math.min(original.events, events) : this.#outcome.events - 1;
    // Room for a run whose finding comes with its last event.
    const outcome = await this.#attempt({ ...options, eventsMax: eventsMax + 1 }, false);
    if (outcome === undefined) return false;
    const isSame = sameFailure(original, outcome) && outcome.events <= eventsMax;
    if (isSame) {
      this.#leastEvents = Math.min(this.#leastEvents, outcome.events);
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
