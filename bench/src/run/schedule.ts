import { type Random, seededRandom } from '@quorate/core';
import type { Job, Sample } from '../measure/job.ts';
import type { Contest, Row } from '../plan.ts';
import type { Surroundings } from '../suite.ts';
import type { Profile } from './profile.ts';
import { shuffled } from './shuffled.ts';

/** A sample and when it was taken: `round` pairs it with the other rows' samples, `place` is its turn in the round. */
export interface PlacedSample {
  readonly round: number;
  readonly place: number;
  readonly sample: Sample;
}

export interface RowOutcome {
  readonly row: Row;
  readonly samples: readonly PlacedSample[];
  /** Why the row has no result, when its bench failed. */
  readonly failure?: string;
}

export interface ContestOutcome {
  readonly contest: Contest;
  readonly rows: readonly RowOutcome[];
}

export interface ScheduleOptions {
  readonly profile: Profile;
  readonly seed: number;
  readonly keysFile: string;
  /** Measures in a fresh process, which has this in its environment. Rejects where the bench fails. */
  readonly measure: (job: Job, environment: Readonly<Record<string, string>>) => Promise<Sample>;
  readonly signal: AbortSignal;
  readonly onSample?: (contest: Contest, row: Row) => void;
  readonly onContest?: (outcome: ContestOutcome) => void;
}

/** How many measured processes {@link runContests} starts for these contests, unless one fails. */
export function sampleCount(contests: readonly Contest[], profile: Profile): number {
  return contests.reduce((sum, contest) => sum + rowsToRun(contest).length * roundsOf(contest, profile), 0);
}

/**
 * Runs contest after contest; within one, rounds in which every row is measured once, in an order drawn anew.
 *
 * So what the machine does to one contender in a while it does to all, and nobody is always behind the same neighbour. A row
 * whose bench failed is not run again; the others go on.
 */
export async function runContests(
  contests: readonly Contest[],
  options: ScheduleOptions,
): Promise<ContestOutcome[]> {
  const outcomes: ContestOutcome[] = [];
  const order = seededRandom(options.seed).fork('order');
  for (const contest of contests) {
    const outcome = await runContest(contest, order, options);
    options.onContest?.(outcome);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function runContest(
  contest: Contest,
  order: Random,
  options: ScheduleOptions,
): Promise<ContestOutcome> {
  const rounds = roundsOf(contest, options.profile);
  const rows = rowsToRun(contest);
  await using surroundings = rows.length === 0 ? undefined : await surroundingsOf(contest);
  const runners = rows.map(row => new RowRunner(contest, row, options, surroundings));
  for (let round = 0; round < rounds; round++) {
    for (const [place, runner] of shuffled(runners, order).entries()) {
      options.signal.throwIfAborted();
      await runner.measure(round, place);
    }
  }
  const outcomes = contest.rows.map(
    row => runners.find(runner => runner.row === row)?.outcome() ?? { row, samples: [] },
  );
  return { contest, rows: contest.bench.agree === true ? withAgreement(outcomes) : outcomes };
}

const nothingAround: Surroundings = { environment: {}, [Symbol.asyncDispose]: async () => {} };

/** Why they could not be made is the failure of every row. */
async function surroundingsOf({ bench, params }: Contest): Promise<Surroundings & { failure?: string }> {
  try {
    return (await bench.surroundings?.(params)) ?? nothingAround;
  } catch (error) {
    return { ...nothingAround, failure: (error as Error).message };
  }
}

/** Bytes hardly differ from process to process. */
const bytesRoundsMax = 3;

/** A count comes out the same in every process. */
function roundsOf(contest: Contest, profile: Profile): number {
  if (contest.bench.unit === 'count') return 1;
  if (contest.bench.unit === 'bytes') return Math.min(bytesRoundsMax, profile.rounds);
  return contest.bench.slow === true ? Math.ceil(profile.rounds / 2) : profile.rounds;
}

function rowsToRun(contest: Contest): Row[] {
  return contest.rows.filter(row => row.skipped === undefined);
}

/** One row through all rounds: the first process finds the size of a chunk, the others do exactly the same work. */
class RowRunner {
  readonly row: Row;
  readonly #contest: Contest;
  readonly #options: ScheduleOptions;
  readonly #environment: Surroundings['environment'];
  readonly #samples: PlacedSample[] = [];
  #failure: string | undefined;

  constructor(
    contest: Contest,
    row: Row,
    options: ScheduleOptions,
    {
      environment,
      failure,
    }: Pick<Surroundings, 'environment'> & { readonly failure?: string } = nothingAround,
  ) {
    this.row = row;
    this.#contest = contest;
    this.#options = options;
    this.#environment = environment;
    this.#failure = failure;
  }

  async measure(round: number, place: number): Promise<void> {
    if (this.#failure === undefined) {
      try {
        this.#samples.push({
          round,
          place,
          sample: await this.#options.measure(this.#job(), this.#environment),
        });
        this.#checkWork();
      } catch (error) {
        this.#options.signal.throwIfAborted();
        this.#failure = (error as Error).message;
      }
    }
    this.#options.onSample?.(this.#contest, this.row);
  }

  outcome(): RowOutcome {
    const failure = this.#failure;
    return { row: this.row, samples: this.#samples, ...(failure === undefined ? {} : { failure }) };
  }

  #job(): Job {
    const { url, bench, params } = this.#contest;
    const { profile, seed, keysFile } = this.#options;
    const first = this.#samples[0]?.sample;
    return {
      url,
      bench: bench.name,
      contender: this.row.contender,
      params,
      threads: this.row.threads,
      inGroup: bench.threads !== undefined,
      sharing: bench.group !== undefined,
      blocking: bench.blocking === true,
      seed,
      keysFile,
      budget: profile.budget,
      ...(bench.rate === undefined ? {} : { rate: bench.rate }),
      ...(first === undefined
        ? {}
        : {
            warmupCycles: first.warmupCycles,
            cyclesPerChunk: first.cyclesPerChunk,
            chunksPerWindow: first.chunksPerWindow,
          }),
    };
  }

  #checkWork(): void {
    const first = this.#samples[0]?.sample.checksum;
    const last = this.#samples.at(-1)?.sample.checksum;
    if (first === last) return;
    throw new Error(`Bench must do the same work in each process: its checksum was ${first}, then ${last}`);
  }
}

/** Fails the rows that computed something else than the first row that computed anything. */
function withAgreement(rows: readonly RowOutcome[]): RowOutcome[] {
  const checksumOf = (row: RowOutcome): number | undefined => row.samples[0]?.sample.checksum;
  const reference = rows.find(row => checksumOf(row) !== undefined);
  return rows.map(row => {
    const checksum = checksumOf(row);
    if (reference === undefined || checksum === undefined || checksum === checksumOf(reference)) return row;
    const failure = `Contenders must compute the same: ${row.row.contender} has checksum ${checksum}, ${reference.row.contender} ${checksumOf(reference)}`;
    return { ...row, failure };
  });
}
