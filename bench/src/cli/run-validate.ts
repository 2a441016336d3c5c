import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBaseBuild } from '../check/base-build.ts';
import { openHeadBuild } from '../check/head-build.ts';
import { checkProfiles } from '../check/check-profile.ts';
import { variantOptions } from '../check/variant.ts';
import { discoverSuites } from '../discover.ts';
import { BusyError, takeBenchLock } from '../run/bench-lock.ts';
import { sampleInProcess } from '../run/sample-process.ts';
import { methodDigest } from '../validate/method-digest.ts';
import { startNeighbours } from '../validate/neighbours.ts';
import { renderFindings } from '../validate/render-findings.ts';
import { appendResult, readResults } from '../validate/results-file.ts';
import { runOnce, type RunOnceOptions } from '../validate/run-once.ts';
import { findingsOf } from '../validate/summary.ts';
import type { Condition, ValidationRun } from '../validate/validation-run.ts';
import { exitCodes } from './exit-codes.ts';
import type { CommandContext } from './run-bench.ts';
import { UsageError } from './usage-error.ts';
import { parseValidateOptions, type ValidateOptions, validateHelp } from './validate-options.ts';

const benchFolder = fileURLToPath(new URL('../..', import.meta.url));
const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** How many busy processes run beside a run. */
const neighbours: Readonly<Record<Condition, number>> = {
  quiet: 0,
  'one neighbour': 1,
  'two neighbours': 2,
  twin: 0,
};

/** Of so many runs one is of changed benches. */
const changedEvery = 3;

/** `pnpm bench:validate`: returns the exit code. @throws the signal's reason when interrupted */
export async function runValidate(context: CommandContext): Promise<number> {
  try {
    const options = parseValidateOptions(context.args, join(benchFolder, 'validation', 'runs.jsonl'));
    if (options.help) {
      context.stdout.write(validateHelp);
      return exitCodes.done;
    }
    const file = resolve(options.results);
    if (!options.report) {
      using _lock = takeBenchLock(join(tmpdir(), 'quorate-bench-lock'));
      await validate(options, file, context);
    }
    report(readResults(file), options, context);
    return exitCodes.done;
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof BusyError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return error instanceof BusyError ? exitCodes.busy : exitCodes.usage;
  }
}

function report(all: readonly ValidationRun[], options: ValidateOptions, context: CommandContext): void {
  const method = methodDigest(benchFolder);
  const runs = all.filter(run => run.method === method);
  if (runs.length < all.length) {
    const others = all.length - runs.length;
    context.stderr.write(
      `Left out: ${others} ${others === 1 ? 'run' : 'runs'} by other code than this, whose digest is ${method}\n`,
    );
  }
  const conditions = [...new Set(runs.map(({ condition }) => condition))];
  const findings = [...conditions, 'all' as const].map(condition => findingsOf(runs, condition));
  if (options.json) context.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else context.stdout.write(renderFindings(findings));
}

async function validate(options: ValidateOptions, file: string, context: CommandContext): Promise<void> {
  const { signal, stderr } = context;
  const suites = await discoverSuites(join(benchFolder, 'suites'));
  const profile = checkProfiles.gate;
  const { firstPairs, mostPairs, confirmPairs } = profile;
  const rule = { minEffect: 0.025, alpha: 0.01, firstPairs, mostPairs, confirmPairs };
  const method = methodDigest(benchFolder);
  await using base = await openBaseBuild({ repository, ref: 'HEAD', signal });
  await using head = await openHeadBuild({ repository, signal });
  const { harness, scratch } = head;
  const keysFile = join(scratch, 'keys');
  writeFileSync(keysFile, 'key\n');
  const sampleOptions = {
    signal,
    harness,
    deadlineMs: profile.deadlineMs,
    cacheFolder: join(scratch, 'cache'),
  };
  const roots = { base: base.root, head: head.root };
  const measure: RunOnceOptions['measure'] = async (job, arm) => {
    const variant = variantOptions({ arm, root: roots[arm], label: arm }, harness);
    const flags = [...profile.flags, ...variant.flags];
    return sampleInProcess(job, { ...sampleOptions, flags, environment: variant.environment });
  };
  const copies = suites.map(found => ({ ...found, url: head.urlOf(found.url) }));
  const common = { suites: copies, profile, rule, keysFile, measure, signal, method };
  const endMs = performance.now() + options.forMs;
  let next = readResults(file).length;
  const loop = async (): Promise<void> => {
    while (performance.now() < endMs) {
      const place = next++;
      const condition = options.conditions[place % options.conditions.length] as Condition;
      using _neighbours = startNeighbours(neighbours[condition], options.seed + place);
      // Turns of one condition must not always be of one kind.
      const turn = Math.floor(place / options.conditions.length) + place;
      const kind = turn % changedEvery === changedEvery - 1 ? 'changed' : 'same';
      const run = await runOnce({ ...common, kind, condition, seed: options.seed + place });
      appendResult(file, run);
      stderr.write(`${describe(run)}\n`);
    }
  };
  await Promise.all(options.conditions.includes('twin') ? [loop(), loop()] : [loop()]);
}

function describe({
  condition,
  kind,
  seconds,
  comparisons,
  others,
  exitCode,
  canariesPassed,
}: ValidationRun): string {
  const called = comparisons.filter(({ verdict }) => verdict === 'regression');
  const wanted = comparisons.filter(({ truth }) => truth > 0).length;
  const right = called.filter(({ truth }) => truth > 0).length;
  // Where work was added, bytes rise with it.
  const beside = kind === 'same' ? others.filter(text => text.endsWith(': regression')).length : 0;
  const wrong = called.length - right + beside;
  const canary = canariesPassed ? '' : ', canaries failed';
  return `${condition}, ${kind}: ${right} of ${wanted} caught, ${wrong} false alarms, exit code ${exitCode}, ${seconds} s${canary}`;
}
