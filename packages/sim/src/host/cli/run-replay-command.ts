import { resolve } from 'node:path';
import { inspect } from 'node:util';
import { counted, seconds } from '../runner/describe-failure.ts';
import type { Discovered } from '../runner/discover-scenarios.ts';
import { formatReplay, type Replay } from '../runner/replay-line.ts';
import { kindOf, messageOf, ruleOf, type SeedOutcome } from '../runner/seed-outcome.ts';
import { sourceDigests } from '../runner/source-digest.ts';
import { WorkerProcess } from '../runner/worker-process.ts';
import { chooseScenario } from './choose-scenario.ts';
import type { CommandContext } from './command-context.ts';
import { exitCodes } from './exit-codes.ts';
import type { Options } from './options.ts';
import { whatFailed } from './report.ts';
import { writeReport } from './write-report.ts';

/** Runs again what a line says, and compares; returns the exit code, which is that of the run. */
export async function runReplayCommand(
  discovered: Discovered,
  replay: Replay,
  options: Options,
  context: CommandContext,
): Promise<number> {
  const { seed, changes } = replay;
  const found = chooseScenario(
    discovered,
    replay.package === undefined ? replay.scenario : `${replay.package}/${replay.scenario}`,
  );
  const target = { file: found.file, name: found.scenario.name };
  await using worker = new WorkerProcess(target, {
    seedDeadlineMs: options.seedDeadlineMs,
    onOutput: text => context.stderr.write(text),
    onPageProblem: message => context.stderr.write(`${message}\n`),
  });
  const stop = (): void => void worker[Symbol.asyncDispose]();
  context.signal.addEventListener('abort', stop, { once: true });
  let outcome: SeedOutcome;
  try {
    outcome = await worker.run({
      options: { seed, ...changes },
      ...(options.html === undefined
        ? {}
        : { html: { file: resolve(options.html), replayLine: formatReplay(replay) } }),
    });
  } catch (error) {
    if (!context.signal.aborted) throw error;
    return exitCodes.inconclusive;
  }
  const digests = sourceDigests(found.file);
  const others = [
    ...(isOther(replay.scenarioDigest, digests.scenario) ? ['scenario'] : []),
    ...(isOther(replay.simulatorDigest, digests.simulator) ? ['simulator'] : []),
  ];
  const isSame = outcome.traceHash === replay.traceHash;
  const isUnsteady = !isSame && others.length === 0 && replay.traceHash !== '' && outcome.traceHash !== '';
  const exitCode = isUnsteady ? exitCodes.scenarioFailed : exitCodeOf(outcome);
  const json = {
    schema: 'quorate-sim-replay/1',
    scenario: found.id,
    seed,
    exitCode,
    ...whatFailed(outcome),
    traceHash: outcome.traceHash,
    traceHashNoted: replay.traceHash,
    isSame,
    otherCode: others,
    events: outcome.events,
    simulatedMs: outcome.simulatedMs,
  };
  writeReport(json, options.json, context);
  if (options.json !== '-') context.stdout.write(render(found.id, outcome, replay, others));
  return exitCode;
}

function isOther(noted: string | undefined, now: string): boolean {
  return noted !== undefined && noted !== now;
}

function exitCodeOf({ verdict }: SeedOutcome): number {
  if (verdict === 'ok') return exitCodes.fine;
  return verdict === 'violation' ? exitCodes.violation : exitCodes.scenarioFailed;
}

function render(id: string, outcome: SeedOutcome, replay: Replay, others: readonly string[]): string {
  const { seed, traceHash, simulatedMs, events, finding } = outcome;
  const rule = ruleOf(outcome);
  const atMs = finding?.atMs ?? simulatedMs;
  const lines = [
    rule === undefined
      ? `Seed ${seed} of ${id} is fine`
      : `Seed ${seed} of ${id}: ${kindOf(outcome)}\n  ${messageOf(outcome)}`,
    `  after ${seconds(atMs)} s of simulated time and ${counted(events, 'event')}`,
  ];
  if (finding?.details !== undefined) lines.push(detailsOf(finding.details));
  if (others.length > 0) {
    lines.push(`The line was made by other code: the ${others.join(' and the ')} changed since`);
  }
  if (replay.traceHash === '') lines.push(`Trace hash ${traceHash}; the line notes none`);
  else if (traceHash === replay.traceHash) lines.push(`Trace hash ${traceHash}, as the line says`);
  else {
    const why = others.length > 0 ? '' : ': something is not deterministic, see --check-determinism';
    lines.push(`Trace hash ${traceHash}, and the line says ${replay.traceHash}${why}`);
  }
  return `${lines.join('\n')}\n`;
}

function detailsOf(details: unknown): string {
  return inspect(details, { depth: 6, breakLength: 110 }).replaceAll(/^/gm, '  ');
}
