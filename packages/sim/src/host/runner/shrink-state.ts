import { createHash } from 'node:crypto';
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

/** What is asked of the program, rather than what goes wrong. */
const isWorkload = /^(?:op|node|client):/;

/** A run of so few events is small, whatever it was before: hosts must start, and say a word to each other. */
const smallEvents = 30;

/** As many as somebody reads through: a tenth that is more is not small. */
const readableEvents = 100;

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
  /** Takes away everything that goes wrong. Undefined where that does not mend the failure. */
  #calm: readonly string[] | undefined;
  /** By run: whether it is right where nothing goes wrong. Such a run comes to its end, and takes the longest. */
  readonly #rightWhenCalm = new Map<string, boolean>();
  /** By run: up to how many events it did not show the failure. Passes meet again, and the last round repeats what failed. */
  readonly #refused = new Map<string, number>();
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

  /** Whether it has at most a tenth of the events, and few enough to be read, or hardly any. */
  get isSmall(): boolean {
    const { events } = this.#outcome;
    return events <= smallEvents || (events <= readableEvents && events * 10 <= this.#target.outcome.events);
  }

  /** Whether the failure was found before its safety phase was over. */
  get endsAtFinding(): boolean {
    return this.#target.outcome.simulatedMs < this.#target.safetyMs;
  }

  /** How many runs the search may still take: one is kept to see what is left of the smallest. */
  get runsLeft(): number {
    return Math.max(1, this.#runsMax - 1) - this.#runs;
  }

  /** Whether runs or time are used up. */
  get isSpent(): boolean {
    return this.runsLeft <= 0 || this.#link.signal.aborted || this.#link.remainingMs() <= 0;
  }

  /** Runs the failure again, to learn what can be taken away. */
  async begin(): Promise<SeedOutcome | undefined> {
    const outcome = await this.#attempt(this.#options, true);
    if (outcome !== undefined && sameFailure(this.#target.outcome, outcome)) this.#outcome = outcome;
    return outcome;
  }

  /** Finds out whether it takes something that goes wrong: where it does not, the workload alone shows the mistake. */
  async learnCalm(): Promise<void> {
    const labels = (this.#outcome.removable ?? []).filter(name => !isWorkload.test(name));
    const calm = [...new Set(labels.map(name => /^[^/.:#]*/.exec(name)?.[0] ?? name))];
    if (await this.#isRightWhenCalm(this.#options, calm)) this.#calm = calm;
  }

  async #isRightWhenCalm(options: RunOptions, calm: readonly string[]): Promise<boolean> {
    const { outcome: original } = this.#target;
    const others = (options.without ?? []).filter(name => !calm.some(prefix => name.startsWith(prefix)));
    const run = { ...options, without: [...others, ...calm] };
    const key = JSON.stringify(run);
    const known = this.#rightWhenCalm.get(key);
    if (known !== undefined) return known;
    const outcome = await this.#attempt(run, false);
    if (outcome === undefined) return false;
    const isRight = !sameFailure(original, outcome);
    this.#rightWhenCalm.set(key, isRight);
    return isRight;
  }

  /** Learns what is left of the smallest run, by the run that was kept for it. */
  async conclude(): Promise<void> {
    if (this.#outcome.removable !== undefined || this.#link.signal.aborted) return;
    const outcome = await Promise.race([this.#run(this.#options, true), this.#over]);
    if (outcome !== undefined && sameFailure(this.#target.outcome, outcome)) this.#outcome = outcome;
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
    const { outcome: original } = this.#target;
    const events = Math.floor(this.#leastEvents * moreEvents) + 10;
    const eventsMax = mustHave === undefined ? Math.min(original.events, events) : this.#outcome.events - 1;
    return this.trySeed({ ...this.#options, ...changes }, eventsMax);
  }

  /** The same for any run, which may have so many events. */
  async trySeed(options: RunOptions, eventsMax: number): Promise<boolean> {
    const { outcome: original, onProgress } = this.#target;
    const key = keyOf(options);
    if ((this.#refused.get(key) ?? 0) >= eventsMax) return false;
    // Room for a run whose finding comes with its last event.
    const outcome = await this.#attempt({ ...options, eventsMax: eventsMax + 1 }, false);
    if (outcome === undefined) return false;
    let isSame = sameFailure(original, outcome) && outcome.events <= eventsMax;
    const calm = options.without?.some(name => isWorkload.test(name)) === true ? this.#calm : undefined;
    if (isSame && calm !== undefined) isSame = await this.#isRightWhenCalm(options, calm);
    if (isSame) {
      this.#leastEvents = Math.min(this.#leastEvents, outcome.events);
      this.#options = options;
      this.#outcome = outcome;
      this.#accepted += 1;
    } else this.#refused.set(key, eventsMax);
    onProgress?.({ runs: this.#runs, events: this.#outcome.events, eventsBefore: original.events });
    return isSame;
  }

  /** A run, unless runs or time are used up by then: nobody waits for one that is late. */
  async #attempt(options: RunOptions, wantsRemovable: boolean): Promise<SeedOutcome | undefined> {
    if (this.isSpent) return undefined;
    return Promise.race([this.#run(options, wantsRemovable), this.#over]);
  }

  async #run(options: RunOptions, wantsRemovable: boolean): Promise<SeedOutcome | undefined> {
    this.#runs += 1;
    try {
      return await this.#target.attempt(options, wantsRemovable);
    } catch (error) {
      // A pool that is taken down by whoever aborted fails what is under way: that is no news.
      if (this.#link.signal.aborted) return undefined;
      throw error;
    }
  }
}

/** A run's name: what is taken away may be thousands of names, of thousands of runs. */
function keyOf(options: RunOptions): string {
  return createHash('sha1').update(JSON.stringify(options)).digest('base64');
}
