import { systemClock } from '@quorate/core';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { inspect } from 'node:util';
import type { RunResult } from '../../run-result.ts';
import type { TraceEvent } from '../../trace/trace-event.ts';
import { checkDeterminism, type DeterminismReport } from '../runner/check-determinism.ts';
import { count, counted, seconds } from '../runner/describe-failure.ts';
import type { FoundScenario } from '../runner/discover-scenarios.ts';
import type { Divergence } from '../runner/find-divergence.ts';
import { seedsOf } from '../runner/seed-range.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import type { Options } from './options.ts';
import { Progress } from './progress.ts';
import { exitCodeOf } from './report.ts';
import { writeReport } from './write-report.ts';

/** Runs every seed twice and reports where the two differ; returns the exit code. */
export async function runDeterminismCommand(
  found: FoundScenario,
  options: Options,
  context: CommandContext,
): Promise<number> {
  const { seeds, budgetMs } = options;
  const startMs = systemClock.monotonicMs();
  const progress = new Progress(context.stderr, {
    seeds: seeds.to - seeds.from + 1,
    nowMs: () => systemClock.monotonicMs(),
  });
  let passNow = 1;
  let runs: readonly [RunResult, RunResult] | undefined;
  let report: DeterminismReport;
  try {
    report = await checkDeterminism({
      target: { file: found.file, name: found.scenario.name },
      seeds: seedsOf(seeds),
      without: options.without,
      jobs: options.jobs,
      seedDeadlineMs: options.seedDeadlineMs,
      signal: context.signal,
      ...(budgetMs === undefined ? {} : { deadlineMs: budgetMs }),
      ...(options.html === undefined ? {} : { onRuns: (one, other) => (runs = [one, other]) }),
      onOutcome: (outcome, pass, totals) => {
        if (pass !== passNow) progress.step('Second time');
        passNow = pass;
        progress.seed(outcome, totals);
      },
    });
  } finally {
    progress.end();
  }
  if (options.html !== undefined) await writePage(options.html, runs, context);
  const exitCode = exitCodeFor(report);
  const json = {
    schema: 'quorate-sim-determinism/1',
    scenario: found.id,
    exitCode,
    ended: report.ended,
    seconds: (systemClock.monotonicMs() - startMs) / 1000,
    seeds: { ...seeds, done: report.totals.seeds, compared: report.compared },
    verdicts: report.totals.verdicts,
    differ: report.seeds,
    divergence: report.divergence,
  };
  writeReport(json, options.json, context);
  if (options.json !== '-') context.stdout.write(render(found, report));
  return exitCode;
}

/** Both runs beside each other, at the event in which they part. */
async function writePage(
  file: string,
  runs: readonly [RunResult, RunResult] | undefined,
  { stderr }: CommandContext,
): Promise<void> {
  if (runs === undefined) {
    stderr.write(`Nothing to compare was recorded, and no page was written to ${file}\n`);
    return;
  }
  try {
    const { renderTrace } = await import('../../viewer/render-trace.ts');
    writeFileSync(resolve(file), renderTrace(runs[0], { compare: runs[1] }));
  } catch (error) {
    stderr.write(`Page ${file} was not written: ${(error as Error).message}\n`);
  }
}

function exitCodeFor(report: DeterminismReport): number {
  if (report.seeds.length > 0) return exitCodes.scenarioFailed;
  const exitCode = exitCodeOf(report);
  return exitCode === exitCodes.fine && report.compared === 0 ? exitCodes.inconclusive : exitCode;
}

function render(
  { id }: FoundScenario,
  { seeds, compared, totals, divergence, ended }: DeterminismReport,
): string {
  const why =
    ended === 'done'
      ? ''
      : `; of ${count(totals.seeds)}, for ${ended === 'aborted' ? 'it was interrupted' : 'the budget was over'}`;
  const lines = [
    `${id}: ${counted(compared, 'seed')} run twice, ${counted(seeds.length, 'divergence')}${why}`,
    `${count(totals.failed)} failed in the first pass`,
  ];
  if (seeds.length > 0) {
    lines.push(`Not deterministic: ${seeds.slice(0, 20).join(', ')}${seeds.length > 20 ? ' and more' : ''}`);
  }
  if (divergence !== undefined) lines.push(...describeDivergence(divergence));
  return `${lines.join('\n')}\n`;
}

function describeDivergence({ seed, hashes, index, events, last, needsEarlierSeeds }: Divergence): string[] {
  if (hashes[0] === hashes[1]) {
    return [
      `Seed ${seed} was the same when it was run twice again: it depends on more than what ran before it`,
    ];
  }
  const why = needsEarlierSeeds
    ? [
        'It takes other seeds before it in the same process: something outlives a run, such as a variable of a module',
      ]
    : [];
  if (index === undefined || events === undefined) {
    return [
      `Seed ${seed}: the hashes are ${hashes.join(' and ')}, the events that were kept are the same`,
      ...why,
    ];
  }
  return [
    `Seed ${seed} differs from event ${count(index)} on${last === undefined ? '' : `, after ${eventText(last)}`}`,
    `  first:  ${eventText(events[0])}`,
    `  second: ${eventText(events[1])}`,
    ...why,
  ];
}

function eventText(event: TraceEvent | undefined): string {
  if (event === undefined) return 'nothing: the run was over';
  const { atUs, node, detail } = event;
  const { type, ...rest } = detail;
  const more = inspect(rest, { depth: 4, breakLength: Number.POSITIVE_INFINITY });
  const place = node === '' ? '' : ` at ${node}`;
  return `${type} ${more}${place}, ${seconds(atUs / 1000)} s`;
}
