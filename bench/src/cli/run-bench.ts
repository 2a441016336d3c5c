import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type FoundSuite, SuiteError } from '../discover.ts';
import { renderPage } from '../html/page.ts';
import { loadKeysFor } from '../input/load-keys.ts';
import { type Contest, fitToKeys, planContests } from '../plan.ts';
import { observeEnvironment } from '../report/environment.ts';
import { renderListing } from '../report/listing.ts';
import type { Report } from '../report/report.ts';
import { summarize } from '../report/summarize.ts';
import { renderTable } from '../report/table.ts';
import { BusyError, takeBenchLock } from '../run/bench-lock.ts';
import { profiles } from '../run/profile.ts';
import { sampleInProcess } from '../run/sample-process.ts';
import { runContests, sampleCount } from '../run/schedule.ts';
import { exitCodes } from './exit-codes.ts';
import { help } from './help.ts';
import { loadSuites } from './load-suites.ts';
import { type Options, parseOptions } from './options.ts';
import { Progress, type ProgressStream } from './progress.ts';
import { checkReportFile } from './report-file.ts';
import { UsageError } from './usage-error.ts';

/** What the command touches of the process it runs in. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: ProgressStream;
  readonly stderr: ProgressStream;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** Errors whose message says all; of others the stack is shown. */
const explained = [UsageError, BusyError, SuiteError] as const;

const benchFolder = fileURLToPath(new URL('../..', import.meta.url));

/** `pnpm bench`: returns the exit code. @throws the signal's reason when interrupted */
export async function runBench(context: CommandContext): Promise<number> {
  try {
    const options = parseOptions(context.args);
    if (options.help) {
      context.stdout.write(help);
      return exitCodes.done;
    }
    const suites = await loadSuites(options.suites, join(benchFolder, 'suites'));
    const contests = planContests(suites, options);
    if (options.list) {
      context.stdout.write(renderListing(contests));
      return exitCodes.done;
    }
    if (options.json !== undefined && options.json !== '-') checkReportFile('--json', options.json);
    if (options.html !== undefined) checkReportFile('--html', options.html);
    using _lock = takeBenchLock(join(tmpdir(), 'quorate-bench-lock'));
    const report = await measure(suites, contests, options, context);
    write(report, options, context);
    const failed = report.suites.some(suite => suite.benches.some(row => row.status === 'failed'));
    return failed ? exitCodes.failed : exitCodes.done;
  } catch (error) {
    if (!explained.some(kind => error instanceof kind)) throw error;
    context.stderr.write(`${(error as Error).message}\n`);
    if (error instanceof SuiteError) return exitCodes.failed;
    if (error instanceof BusyError) return exitCodes.busy;
    context.stderr.write('pnpm bench --help lists the options\n');
    return exitCodes.usage;
  }
}

async function measure(
  suites: readonly FoundSuite[],
  planned: readonly Contest[],
  options: Options,
  context: CommandContext,
): Promise<Report> {
  const profile = profiles[options.profile];
  const input = loadKeysFor(planned, options.keys, options.seed, context.environment);
  const contests = fitToKeys(planned, input.keys.length);
  const observed = observeEnvironment(profile, options.seed, input, benchFolder);
  const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  const progress = new Progress(context.stderr, sampleCount(contests, profile), () => performance.now());
  try {
    const keysFile = join(folder, 'keys');
    writeFileSync(keysFile, `${input.keys.join('\n')}\n`);
    const sampleOptions = {
      signal: context.signal,
      deadlineMs: profile.deadlineMs,
      cacheFolder: join(folder, 'cache'),
    };
    const outcomes = await runContests(contests, {
      profile,
      seed: options.seed,
      keysFile,
      signal: context.signal,
      measure: (job, environment) => sampleInProcess(job, { ...sampleOptions, environment }),
      onSample: (contest, row) => progress.sample(`${contest.suite}/${contest.bench.name} ${row.contender}`),
      onContest: outcome => progress.contest(outcome),
    });
    return summarize(
      outcomes,
      suites.map(({ suite }) => suite),
      observed(),
    );
  } finally {
    progress.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With `--json -` nothing but the JSON goes to standard output. */
function write(report: Report, options: Options, context: CommandContext): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.json === '-') context.stdout.write(json);
  else if (options.json !== undefined) writeFileSync(resolve(options.json), json);
  if (options.html !== undefined) writeFileSync(resolve(options.html), renderPage(report));
  if (options.json === '-') return;
  const colours = context.stdout.isTTY === true && (context.environment['NO_COLOR'] ?? '') === '';
  context.stdout.write(renderTable(report, colours));
}
