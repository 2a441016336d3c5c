import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { RunResult } from '../run-result.ts';
import type { Scenario } from '../scenario.ts';
import { loadScenario } from './runner/discover-scenarios.ts';
import type { RunOrder, WorkerReply, WorkerRequest } from './runner/messages.ts';
import { describeError, outcomeOf, type SeedOutcome } from './runner/seed-outcome.ts';
import { siblingUrl } from './runner/sibling-url.ts';
import { simulate } from './simulate.ts';

/**
 * A worker process: runs seeds of one scenario, one after the other, and answers each before it begins the next, so that
 * whoever started it knows which seed it died of or hangs in.
 *
 * It goes when its parent does. The channel between them closes then, and where a scenario never lets go of this thread, a
 * thread of its own looks after it.
 */
let scenario: Scenario | undefined;
let recorded: RunResult | undefined;
/** Why the page of the last run could not be written: no fault of the run. */
let pageProblem: string | undefined;
const strays: unknown[] = [];
let done: Promise<void> = Promise.resolve();

const send = process.send?.bind(process);
const turn = setImmediate;

process.on('message', (request: WorkerRequest) => {
  done = done.then(async () => answer(await handle(request)));
});
process.once('disconnect', () => process.exit(1));
// Ctrl-C reaches the whole group of processes: the parent decides what comes of it.
process.on('SIGINT', () => {});
// What a scenario leaves behind, such as a rejection that nobody handled, is a failure of the seed it belongs to.
for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
  process.on(event, (thrown: unknown) => strays.push(thrown));
}
new Worker(siblingUrl('watchdog', import.meta.url), { workerData: process.ppid }).unref();

async function handle(request: WorkerRequest): Promise<WorkerReply> {
  if (request.type === 'slice') {
    return { type: 'slice', events: recorded?.trace?.slice(request.from, request.to) ?? [] };
  }
  if (request.type === 'run') {
    pageProblem = undefined;
    const outcome = await runOrder(request.order);
    return { type: 'outcome', outcome, ...(pageProblem === undefined ? {} : { pageProblem }) };
  }
  try {
    scenario = await loadScenario(request.target.file, request.target.name);
    return { type: 'ready' };
  } catch (thrown) {
    return { type: 'unloadable', error: describeError(thrown) };
  }
}

async function runOrder({ options, keep, html }: RunOrder): Promise<SeedOutcome> {
  recorded = undefined;
  strays.length = 0;
  const { seed } = options;
  try {
    const record = keep !== undefined || html !== undefined;
    const result = await simulate(scenario as Scenario, { ...options, record });
    if (keep === 'trace') recorded = result;
    if (html !== undefined) await writePage(result, html);
    // Rejections that nobody handled are told of at the end of a turn.
    await new Promise<void>(resolve => turn(resolve));
    const { removable, ...outcome } = outcomeOf(result);
    const own = keep === 'removable' && removable !== undefined ? { ...outcome, removable } : outcome;
    return strays.length === 0 ? own : { ...own, verdict: 'error', error: describeError(strays[0]) };
  } catch (thrown) {
    const nothing = { traceHash: '', events: 0, simulatedMs: 0, probes: [], swarm: [] };
    return { seed, verdict: 'error', error: describeError(thrown), ...nothing };
  }
}

async function writePage(result: RunResult, html: NonNullable<RunOrder['html']>): Promise<void> {
  try {
    // It is large, and most processes write no page.
    const { renderTrace } = await import('../viewer/render-trace.ts');
    writeFileSync(html.file, renderTrace(result, { replayLine: html.replayLine }));
  } catch (error) {
    pageProblem = `Page ${html.file} was not written: ${(error as Error).message}`;
  }
}

/** Waits until the reply has left this process. Details of a finding that cannot be sent are sent as text. */
async function answer(reply: WorkerReply): Promise<void> {
  await new Promise<void>(resolve => {
    const sent = (): void => resolve();
    try {
      send?.(reply, undefined, undefined, sent);
    } catch {
      send?.(plain(reply), undefined, undefined, sent);
    }
  });
}

function plain(reply: WorkerReply): WorkerReply {
  if (reply.type === 'slice') {
    return {
      type: 'slice',
      events: reply.events.map(event => ({ ...event, detail: { type: 'log', text: inspect(event.detail) } })),
    };
  }
  if (reply.type !== 'outcome' || reply.outcome.finding === undefined) return reply;
  const { finding } = reply.outcome;
  return {
    type: 'outcome',
    ...(reply.pageProblem === undefined ? {} : { pageProblem: reply.pageProblem }),
    outcome: { ...reply.outcome, finding: { ...finding, details: inspect(finding.details) } },
  };
}
