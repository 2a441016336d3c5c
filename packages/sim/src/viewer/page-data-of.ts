import type { LinearizabilityResult } from '../linearizability/result.ts';
import type { RunResult } from '../run-result.ts';
import type { TraceEvent } from '../trace/trace-event.ts';
import { divergence } from './divergence.ts';
import { effectTimes, violationIn } from './linearization.ts';
import { packTrace } from './pack-trace.ts';
import type { PageData, RunData } from './page-data.ts';

/** What the page's script needs of the runs. @throws TypeError where a run was made without `record` */
export function pageDataOf(
  result: RunResult,
  linearization?: LinearizabilityResult<unknown>,
  compare?: RunResult,
): PageData {
  const runs = [runDataOf(result, linearization)];
  if (compare === undefined) return { runs };
  runs.push(runDataOf(compare));
  const at = divergence(recorded(result), recorded(compare));
  return at === undefined ? { runs } : { runs, divergence: at };
}

/** The events of a run. @throws TypeError where it was made without `record` */
export function recorded(result: RunResult): readonly TraceEvent[] {
  if (result.trace !== undefined) return result.trace;
  const name = `${result.scenario}, seed ${result.seed}`;
  throw new TypeError(`Run must have been made with record: received a result without trace of "${name}"`);
}

/**
 * Position of the event that shows what is wrong: the return of the operation that does not fit, or the finding's own time,
 * or the event that tells of it.
 */
export function findingPosition(
  result: RunResult,
  linearization: LinearizabilityResult<unknown> | undefined = violationIn(result),
): number | undefined {
  const trace = recorded(result);
  if (result.verdict === 'ok' || trace.length === 0) return undefined;
  const misfit = linearization === undefined ? undefined : effectTimes(result, linearization).misfit;
  const returned = trace.findIndex(({ detail }) => detail.type === 'return' && detail.operation === misfit);
  if (returned >= 0) return returned;
  const own = trace.findIndex(({ detail }) => detail.type === 'finding');
  const atMs = result.finding?.atMs;
  if (atMs === undefined) return own < 0 ? trace.length - 1 : own;
  if (own >= 0 && Math.abs((trace[own]?.atUs ?? 0) - atMs * 1000) < 1) return own;
  let position = 0;
  for (const [place, { atUs }] of trace.entries()) if (atUs <= atMs * 1000) position = place;
  return position;
}

function runDataOf(result: RunResult, linearization = violationIn(result)): RunData {
  const trace = recorded(result);
  const finding = findingPosition(result, linearization);
  const { finding: found } = result;
  return {
    title: `${result.scenario}, seed ${result.seed}`,
    endUs: Math.max(result.simulatedMs * 1000, trace.at(-1)?.atUs ?? 0, 1),
    ...(finding === undefined ? {} : { finding }),
    ...(found === undefined ? {} : { findingText: `${found.rule}: ${found.message}` }),
    ...(linearization === undefined ? { points: [] } : effectTimes(result, linearization)),
    ...packTrace(trace),
  };
}
