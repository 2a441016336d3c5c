import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BuildError, BaseRefError, openBaseBuild } from '../check/base-build.ts';
import { openHeadBuild } from '../check/head-build.ts';
import { type CheckProfile, checkProfiles } from '../check/check-profile.ts';
import type { CheckReport } from '../check/check-report.ts';
import { compareBuilds } from '../check/compare-builds.ts';
import { appendHistory, readHistory } from '../check/history.ts';
import { planCheck } from '../check/plan-check.ts';
import { recompute } from '../check/recompute.ts';
import { renderCheckMarkdown } from '../check/report/check-markdown.ts';
import { renderCheckTable } from '../check/report/check-table.ts';
import { discoverSuites, SuiteError } from '../discover.ts';
import { renderCheckPage } from '../html/check/check-page.ts';
import { loadKeysFor } from '../input/load-keys.ts';
import { type Contest, planContests } from '../plan.ts';
import { commitOf } from '../report/commit.ts';
import { BusyError, takeBenchLock } from '../run/bench-lock.ts';
import type { Rule } from '../statistics/decide.ts';
import { checkHelp } from './check-help.ts';
import { type CheckOptions, parseCheckOptions } from './check-options.ts';
import { CheckProgress } from './check-progress.ts';
import { exitCodes } from './exit-codes.ts';
import { loadSuites } from './load-suites.ts';
import { checkReportFile } from './report-file.ts';
import type { CommandContext } from './run-bench.ts';
import { UsageError } from './usage-error.ts';

const suitesFolder = fileURLToPath(new URL('../../suites', import.meta.url));
const repository = fileURLToPath(new URL('../../..', import.meta.url));

const defaults = { minEffect: 0.025, alpha: 0.01 } as const;

/** Errors whose message says all; of others the stack is shown. */
const explained = [UsageError, BusyError, SuiteError, BaseRefError, BuildError] as const;

/** `pnpm bench:check`: returns the exit code. @throws the signal's reason when interrupted */
export async function runCheck(context: CommandContext): Promise<number> {
  try {
    const options = parseCheckOptions(context.args);
    if (options.help) {
      context.stdout.write(checkHelp);
      return exitCodes.done;
    }
    for (const name of ['json', 'html', 'summary', 'history'] as const) {
      const file = options[name];
      if (file !== undefined && file !== '-') checkReportFile(`--${name}`, file);
    }
    if (options.from !== undefined) {
      const { minEffect, alpha } = options;
      const report = recompute(readReport(options.from), {
        ...(minEffect === undefined ? {} : { minEffect }),
        ...(alpha === undefined ? {} : { alpha }),
      });
      show(report, options, context);
      writeFiles(report, options);
      return report.outcome.exitCode;
    }
    const contests = planContests(await loadSuites(options.suites, suitesFolder), options);
    if (options.list) {
      context.stdout.write(listing(contests, ruleOf(options, checkProfiles[options.profile])));
      return exitCodes.done;
    }
    const report = await check(contests, options, context);
    show(report, options, context);
    if (options.history !== undefined) appendHistory(resolve(options.history), report);
    writeFiles(report, options);
    return report.outcome.exitCode;
  } catch (error) {
    return exitCodeOf(error, context);
  }
}

function exitCodeOf(error: unknown, { stderr, signal }: CommandContext): number {
  if (signal.aborted || !explained.some(kind => error instanceof kind)) throw error;
  stderr.write(`${(error as Error).message}\n`);
  if (error instanceof BusyError) return exitCodes.busy;
  if (!(error instanceof UsageError)) return exitCodes.harnessFailed;
  stderr.write('pnpm bench:check --help lists the options\n');
  return exitCodes.usage;
}

async function check(
  contests: readonly Contest[],
  options: CheckOptions,
  context: CommandContext,
): Promise<CheckReport> {
  const input = loadKeysFor(contests, options.keys, options.seed, context.environment);
  using _lock = takeBenchLock(join(tmpdir(), 'quorate-bench-lock'));
  const { signal, stderr } = context;
  const profile = checkProfiles[options.profile];
  const progress = new CheckProgress(stderr, () => performance.now());
  try {
    const { base: ref = '' } = options;
    const startMs = performance.now();
    await using base = await openBaseBuild({
      repository,
      ref,
      signal,
      onProgress: what => progress.step(what),
    });
    const suites = await discoverSuites(suitesFolder);
    const commit = commitOf(repository);
    await using head = await openHeadBuild({ repository, signal, onProgress: what => progress.step(what) });
    const buildsMs = performance.now() - startMs;
    return await compareBuilds({
      contests: contests.map(contest => ({ ...contest, url: head.urlOf(contest.url) })),
      base,
      head: { root: head.root, harness: head.harness, ...commit },
      buildsMs,
      suites: suites.map(found => ({ ...found, url: head.urlOf(found.url) })),
      filters: options.filters,
      profile,
      rule: ruleOf(options, profile),
      budgetMs: options.budgetMs,
      seed: options.seed,
      input,
      folder: head.scratch,
      signal,
      onStep: what => progress.step(what),
      onProgress: (label, taken, expected) => progress.pair(label, taken, expected),
    });
  } finally {
    progress.end();
  }
}

function ruleOf(options: CheckOptions, { firstPairs, mostPairs, confirmPairs }: CheckProfile): Rule {
  const { minEffect = defaults.minEffect, alpha = defaults.alpha } = options;
  return { minEffect, alpha, firstPairs, mostPairs, confirmPairs };
}

function listing(contests: readonly Contest[], rule: Rule): string {
  const { subjects, leftOut } = planCheck(contests, { rule, cores: availableParallelism() });
  const lines = subjects.map(
    ({ name, rule: own }) => `${name}: a change of ${percent(own.minEffect)} counts`,
  );
  const out = leftOut.map(({ name, why }) => `left out: ${name}: ${why}`);
  return `${[...lines, ...out].join('\n')}\n`;
}

function percent(share: number): string {
  // Without the digits that come of binary fractions.
  return `${Number((share * 100).toPrecision(6))} %`;
}

function readReport(file: string): CheckReport {
  let report: Partial<CheckReport>;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as Partial<CheckReport>;
  } catch (error) {
    throw new UsageError(`Option --from must name a report in JSON: ${(error as Error).message}`);
  }
  if (report.schema === 'quorate-bench-check/1') return report as CheckReport;
  throw new UsageError(
    `Option --from must name a report of bench:check, schema quorate-bench-check/1: received ${report.schema ?? 'another file'}`,
  );
}

/** With `--json -` nothing but the JSON goes to standard output. It comes before any file, which might not be written. */
function show(report: CheckReport, options: CheckOptions, { stdout, environment }: CommandContext): void {
  if (options.json === '-') {
    stdout.write(`${JSON.stringify(report)}\n`);
    return;
  }
  const colours = stdout.isTTY === true && (environment['NO_COLOR'] ?? '') === '';
  stdout.write(renderCheckTable(report, colours, stdout.columns));
}

function writeFiles(report: CheckReport, { json, html, history, summary }: CheckOptions): void {
  if (json !== undefined && json !== '-') writeFileSync(resolve(json), `${JSON.stringify(report)}\n`);
  if (summary !== undefined) appendFileSync(resolve(summary), renderCheckMarkdown(report));
  if (html === undefined) return;
  writeFileSync(
    resolve(html),
    renderCheckPage(report, history === undefined ? undefined : readHistory(resolve(history))),
  );
}
