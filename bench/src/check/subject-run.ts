import type { Random } from '@quorate/core';
import type { Job, Sample } from '../measure/job.ts';
import { confirmPairsMax, lookEvery, nextStep, type Step } from '../statistics/decide.ts';
import type { Arm, ArmRow, PairRow, SubjectReport } from './check-report.ts';
import type { CheckProfile } from './check-profile.ts';
import { brokenGuard } from './guards.ts';
import { judgeRandom } from './judge-metrics.ts';
import { logPairs, type Metric, metricsOf, valuesOf } from './metrics.ts';
import type { Subject } from './subject.ts';

export interface SubjectRunOptions {
  readonly profile: CheckProfile;
  readonly seed: number;
  readonly keysFile: string;
  /** Measures one build in a fresh process. Rejects where the bench fails in it. */
  readonly measure: (job: Job, arm: Arm) => Promise<Sample>;
  readonly signal: AbortSignal;
}

/** A machine that is busy for a moment must not make a sound bench fail. */
const pilotAttempts = 3;

/** Confirming pairs that may be without a value, because a thread group never ran at once in one of their processes. */
const lostMax = 16;

/** One subject through a run: its pilot, then pairs for as long as {@link nextStep} asks for them. */
export class SubjectRun {
  readonly subject: Subject;
  readonly #options: SubjectRunOptions;
  readonly #pairs: PairRow[] = [];
  #pilot: Sample | undefined;
  #metrics: readonly Metric[] = [];
  #trouble: Pick<SubjectReport, 'status' | 'why'> | undefined;
  #next: Step = 'stop';
  /** How many comparisons the run makes in all; known when all pilots are through. */
  comparisons = 1;

  constructor(subject: Subject, options: SubjectRunOptions) {
    this.subject = subject;
    this.#options = options;
  }

  get pairs(): readonly PairRow[] {
    return this.#pairs;
  }

  get metrics(): readonly Metric[] {
    return this.#metrics;
  }

  get pilot(): Sample | undefined {
    return this.#pilot;
  }

  /** Why there is nothing to compare, if there is not. */
  get trouble(): Pick<SubjectReport, 'status' | 'why'> | undefined {
    return this.#trouble;
  }

  /**
   * Finds out how much work a sample is, by head, and after how much work both builds are warm; and whether times of it mean
   * anything, in either.
   */
  async start(): Promise<void> {
    const head = await this.#settle('head');
    if (head === undefined) return;
    this.#metrics = metricsOf(this.subject, head);
    this.#pilot = head;
    const base = await this.#settle('base');
    if (base === undefined) return;
    const warmupCycles = Math.max(head.warmupCycles, base.warmupCycles);
    this.#pilot = { ...head, warmupCycles };
    this.#next = 'screen';
  }

  /** A pilot process of one build, and another where its guards do not hold; undefined, and {@link trouble}, where none do. */
  async #settle(arm: Arm): Promise<Sample | undefined> {
    for (let attempt = 1; ; attempt++) {
      const sample = await this.#measure(arm, true);
      const broken = sample?.guards === undefined ? undefined : brokenGuard(sample.guards);
      if (broken === undefined) return sample;
      if (attempt < pilotAttempts) continue;
      // What was found stands in the report although nothing is measured by it.
      if (arm === 'head') this.#pilot = sample;
      const status = broken.byNoise ? 'unmeasured' : arm === 'head' ? 'failed' : 'incomparable';
      this.#fail(status, arm === 'head' ? broken.why : `In base: ${broken.why}`);
      return undefined;
    }
  }

  /**
   * What is to be done next: more of the screening as long as one metric asks for it, then the confirmation of what was
   * suspected. Processes that found no value for a metric (no window was accepted) do not make it go on for ever.
   */
  get next(): Step {
    return this.#trouble === undefined ? this.#next : 'stop';
  }

  /** How many pairs are still to come, if nothing moves that has not moved yet. */
  get pairsExpected(): number {
    if (this.next === 'stop') return 0;
    const { firstPairs, confirmPairs } = this.subject.rule;
    const [wanted, taken] = [this.next === 'screen' ? firstPairs : confirmPairs, this.#of(this.next).length];
    return wanted > taken ? wanted - taken : lookEvery - ((taken - wanted) % lookEvery);
  }

  #decide(): Step {
    const { rule } = this.subject;
    const { mostPairs } = rule;
    const [screened, confirmed] = [this.#of('screen'), this.#of('confirm')];
    const steps = this.#metrics.map(metric => {
      const series = { screen: logPairs(screened, metric), confirm: logPairs(confirmed, metric) };
      return nextStep(
        series,
        metric.rule,
        this.comparisons,
        judgeRandom(this.#options.seed, this.subject.name, metric.metric),
      );
    });
    if (confirmed.length === 0 && screened.length < mostPairs && steps.includes('screen')) return 'screen';
    return confirmed.length < confirmPairsMax(rule) + lostMax && steps.includes('confirm')
      ? 'confirm'
      : 'stop';
  }

  #of(stage: PairRow['stage']): { base: ArmRow['values']; head: ArmRow['values'] }[] {
    const pairs = this.#pairs.filter(pair => pair.stage === stage);
    return pairs.map(({ base, head }) => ({ base: base.values, head: head.values }));
  }

  /**
   * Takes one pair, in the order that `random` draws; `turn` counts the pairs of the run. Both builds are measured although
   * one fails: whether head fails too must not hang on the order.
   */
  async takePair(stage: PairRow['stage'], turn: number, random: Random): Promise<void> {
    // Of every two pairs one begins with each build.
    const last = this.#pairs.length % 2 === 1 ? this.#pairs.at(-1)?.first : undefined;
    const drawn = random.below(2) === 0 ? 'base' : 'head';
    const first: Arm = last === undefined ? drawn : last === 'base' ? 'head' : 'base';
    const samples: Partial<Record<Arm, Sample>> = {};
    for (const arm of [first, first === 'base' ? 'head' : 'base'] as const) {
      const sample = await this.#measure(arm);
      if (sample !== undefined) samples[arm] = sample;
    }
    const { base, head } = samples;
    if (base === undefined || head === undefined) return;
    const { profile } = this.#options;
    this.#pairs.push({ turn, stage, first, base: armRow(base, profile), head: armRow(head, profile) });
    this.#next = this.#decide();
  }

  async #measure(arm: Arm, asPilot = false): Promise<Sample | undefined> {
    try {
      const sample = await this.#options.measure(this.#job(arm, asPilot), arm);
      const wanted = this.#pilot?.checksum ?? sample.checksum;
      if (sample.checksum === wanted) return sample;
      const found = `its checksum is ${sample.checksum}, in the pilot it was ${wanted}`;
      if (arm === 'base') this.#fail('incomparable', `Base computes something else: ${found}`);
      else this.#fail('failed', `Bench must do the same work in each process: ${found}`);
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const { message } = error as Error;
      // What ran before lacks nothing: then it was an accident, and the question is open.
      const status = this.#pairs.length === 0 ? 'incomparable' : 'unmeasured';
      if (arm === 'base') this.#fail(status, `Base cannot run it: ${message}`);
      else this.#fail('failed', message);
    }
    return undefined;
  }

  #fail(status: SubjectReport['status'], why: string): void {
    // What head does wrong must not be hidden by what base did wrong before.
    if (this.#trouble === undefined || status === 'failed') this.#trouble = { status, why };
  }

  #job(arm: Arm, asPilot: boolean): Job {
    const { url, bench, contender, params, armParams, threads } = this.subject;
    const { profile, seed, keysFile } = this.#options;
    const pilot = this.#pilot;
    return {
      url,
      bench: bench.name,
      contender,
      params: { ...params, ...armParams?.[arm] },
      threads,
      inGroup: bench.threads !== undefined,
      sharing: bench.group !== undefined,
      blocking: bench.blocking === true,
      seed,
      keysFile,
      budget: profile.budget,
      ...(bench.rate === undefined ? {} : { rate: bench.rate }),
      ...(asPilot || pilot === undefined
        ? { pilot: true as const }
        : {
            warmupCycles: pilot.warmupCycles,
            cyclesPerChunk: pilot.cyclesPerChunk,
            chunksPerWindow: pilot.chunksPerWindow,
          }),
    };
  }
}

function armRow(sample: Sample, profile: CheckProfile): ArmRow {
  return {
    values: valuesOf(sample, profile),
    ...(sample.chunkNs.length > 0 ? { chunks: sample.chunkNs } : {}),
    ...(sample.groupWindows.length > 0 ? { windows: sample.groupWindows } : {}),
    ...(sample.openLoop === undefined ? {} : { openLoop: sample.openLoop }),
    busy: sample.busy,
  };
}
