import { systemClock } from '@quorate/core';
import { resolve } from 'node:path';
import { keepRegression } from '../replay-regressions.ts';
import { safetyMsDefault } from '../run-seeds.ts';
import { type Campaign, runCampaign } from '../runner/campaign.ts';
import { describeFailure } from '../runner/describe-failure.ts';
import type { FoundScenario } from '../runner/discover-scenarios.ts';
import { regressionOf } from '../runner/regression.ts';
import { formatReplay } from '../runner/replay-line.ts';
import { ruleOf, type SeedOutcome } from '../runner/seed-outcome.ts';
import { seedsOf } from '../runner/seed-range.ts';
import { shrink, type Shrunk } from '../runner/shrink.ts';
import { sourceDigests } from '../runner/source-digest.ts';
import { waitingPerWorker, WorkerPool } from '../runner/worker-pool.ts';
import type { RunOptions } from '../../run-result.ts';
import type { CommandContext } from './command-context.ts';
import { idleNames } from './idle-names.ts';
import type { Options } from './options.ts';
import { Progress } from './progress.ts';
import { type FailureReport, reportOf, type SimReport } from './report.ts';
import { renderReport } from './render-report.ts';
import { writeReport } from './write-report.ts';

/** So many kinds of failures are made smaller and described; the others are counted. */
const describedMax = 3;

/** Runs the seeds of a scenario and reports what came of them; returns the exit code. */
export async function runCampaignCommand(
  found: FoundScenario,
  options: Options,
  context: CommandContext,
): Promise<number> {
  const startMs = systemClock.monotonicMs();
  const { seeds, budgetMs } = options;
  const progress = new Progress(context.stderr, {
    seeds: seeds.to - seeds.from + 1,
    ...(budgetMs === undefined ? {} : { budgetMs }),
    nowMs: () => systemClock.monotonicMs(),
  });
  const target = { file: found.file, name: found.scenario.name };
  await using pool = new WorkerPool(target, options.jobs, {
    seedDeadlineMs: options.seedDeadlineMs,
    onPageProblem: message => context.stderr.write(`${message}\n`),
  });
  try {
    const campaign = await runCampaign({
      clock: systemClock,
      seeds: seedsOf(seeds),
      run: async seed => pool.run({ options: { seed, without: options.without } }),
      lanes: options.jobs * waitingPerWorker,
      failuresMax: options.failuresMax,
      signal: context.signal,
      ...(budgetMs === undefined ? {} : { deadlineMs: budgetMs }),
      onOutcome: (outcome, totals) => progress.seed(outcome, totals),
    });
    const seconds = (systemClock.monotonicMs() - startMs) / 1000;
    const failures: FailureReport[] = [];
    for (const outcome of representatives(campaign)) {
      const shrunk = await shrinkIn(pool, found, outcome, options, context, progress);
      failures.push(failureReport(found, outcome, shrunk, options));
    }
    progress.end();
    const report = reportOf(found, campaign, { seconds, failures, options });
    show(report, options, context);
    if (!context.signal.aborted) {
      await writePage(pool, found, campaign, failures[0], options, context);
      await tellIdleNames(pool, options, context);
    }
    return report.exitCode;
  } finally {
    progress.end();
  }
}

/** The page of the first failure; where nothing failed, of the seed if there was only one. */
async function writePage(
  pool: WorkerPool,
  found: FoundScenario,
  { totals }: Campaign,
  first: FailureReport | undefined,
  { html, seeds, without }: Options,
  { stderr }: CommandContext,
): Promise<void> {
  if (html === undefined) return;
  const file = resolve(html);
  if (first !== undefined) {
    await pool.run({ options: first.run, html: { file, replayLine: first.replay } });
  } else if (totals.seeds === 1 && seeds.from === seeds.to) {
    const run = { seed: seeds.from, without };
    const { traceHash } = await pool.run({ options: run });
    await pool.run({ options: run, html: { file, replayLine: replayLineOf(found, run, traceHash) } });
  } else stderr.write(`Nothing failed, and no page was written to ${html}\n`);
}

async function tellIdleNames(
  pool: WorkerPool,
  { without, seeds }: Options,
  { stderr }: CommandContext,
): Promise<void> {
  const idle = await idleNames(without, seedsOf(seeds), async seed => {
    const { removable = [] } = await pool.run({ options: { seed }, keep: 'removable' });
    return removable;
  });
  if (idle.length > 0) {
    stderr.write(`Warning: --without took nothing away that is called ${idle.join(' or ')}\n`);
  }
}

function replayLineOf(
  { scenario, file, package: name }: FoundScenario,
  run: RunOptions,
  hash: string,
): string {
  const digests = sourceDigests(file);
  return formatReplay({
    ...(name === undefined ? {} : { package: name }),
    scenario: scenario.name,
    seed: run.seed,
    changes: run,
    traceHash: hash,
    scenarioDigest: digests.scenario,
    simulatorDigest: digests.simulator,
  });
}

/** The first failure of each kind. */
function representatives({ totals }: Campaign): SeedOutcome[] {
  const first = new Map<string, SeedOutcome>();
  for (const outcome of totals.failures) {
    const kind = `${outcome.verdict} ${ruleOf(outcome)}`;
    if (!first.has(kind)) first.set(kind, outcome);
  }
  return [...first.values()].slice(0, describedMax);
}

async function shrinkIn(
  pool: WorkerPool,
  { scenario }: FoundScenario,
  outcome: SeedOutcome,
  { shrinks, shrinkBudgetMs, shrinkRunsMax, without }: Options,
  { signal }: CommandContext,
  progress: Progress,
): Promise<Shrunk | undefined> {
  // What takes its process down would take one down for each try.
  const comesToItsEnd = outcome.verdict === 'violation' || outcome.verdict === 'error';
  if (!shrinks || !comesToItsEnd || signal.aborted) return undefined;
  progress.step(`Making the failure of seed ${outcome.seed} smaller`);
  return shrink({
    clock: systemClock,
    outcome,
    options: { seed: outcome.seed, without },
    safetyMs: scenario.safetyMs ?? safetyMsDefault,
    attempt: async (options, wantsRemovable) =>
      pool.run({ options, ...(wantsRemovable ? { keep: 'removable' as const } : {}) }),
    runsMax: shrinkRunsMax,
    deadlineMs: shrinkBudgetMs,
    signal,
    onProgress: ({ runs, events, eventsBefore }) => progress.shrinking(runs, events, eventsBefore),
  });
}

function failureReport(
  found: FoundScenario,
  outcome: SeedOutcome,
  shrunk: Shrunk | undefined,
  { without, keep, scenarios }: Options,
): FailureReport {
  const { scenario, folder } = found;
  const run = shrunk?.options ?? { seed: outcome.seed, without };
  const smallest = shrunk?.outcome ?? outcome;
  const replay = replayLineOf(found, run, smallest.traceHash);
  const replayOptions = scenarios === undefined ? '' : ` --scenarios ${scenarios}`;
  const text = describeFailure({
    id: found.id,
    outcome,
    replay,
    replayOptions,
    ...(shrunk === undefined ? {} : { shrunk }),
  });
  const isKept = keep && outcome.verdict !== 'died' && outcome.verdict !== 'hung';
  const kept = isKept ? keepRegression(folder, regressionOf(scenario.name, run, smallest)) : undefined;
  return { outcome, run, replay, text, ...(shrunk && { shrunk }), ...(kept === undefined ? {} : { kept }) };
}

function show(report: SimReport, options: Options, context: CommandContext): void {
  writeReport(report.json, options.json, context);
  if (options.json !== '-') context.stdout.write(renderReport(report));
}
