import { seededRandom } from '@quorate/core';
import type { NotLinearizable } from '../src/linearizability/result.ts';
import type { Operation } from '../src/operation.ts';
import type { RunResult } from '../src/run-result.ts';
import type { TraceDetail, TraceEvent } from '../src/trace/trace-event.ts';

export interface MadeRun {
  readonly seed?: number;
  readonly events?: number;
  readonly ok?: boolean;
  readonly nodes?: number;
}

/** Writes down events, and puts those of a later time where they belong. */
export class Recorder {
  readonly #events: { atUs: number; node: string; detail: TraceDetail }[] = [];

  at(atUs: number, node: string, detail: TraceDetail): void {
    this.#events.push({ atUs: Math.round(atUs), node, detail });
  }

  get size(): number {
    return this.#events.length;
  }

  trace(): TraceEvent[] {
    const sorted = this.#events.sort((a, b) => a.atUs - b.atUs);
    return sorted.map((event, index) => ({ index, ...event }));
  }
}

const faultKinds = ['partition', 'clog', 'crash', 'pause', 'disk full', 'clock jump'];

/** A run as the simulator records them, made up: a register that clients read and write, with every kind of event. */
export function madeRun({ seed = 7, events = 1200, ok = false, nodes = 5 }: MadeRun = {}): RunResult {
  const draw = seededRandom(seed);
  const between = (min: number, max: number): number => min + Math.floor(draw.float() * (max - min + 1));
  const recorder = new Recorder();
  const names = Array.from({ length: nodes }, (_, place) => `n${place + 1}`);
  const one = (): string => names[between(0, nodes - 1)] ?? 'n1';
  recorder.at(0, '', { type: 'phase', phase: 'safety' });
  for (const name of names) recorder.at(0, name, { type: 'start', incarnation: 1 });
  const history: Operation[] = [];
  let [now, messages, faults] = [0, 0, 0];
  while (recorder.size < events) {
    now += between(200, 5000);
    const node = one();
    const kind = between(0, 99);
    if (kind < 40) recorder.at(now, node, { type: 'timer' });
    if (kind < 60) exchange(recorder, now, node, one(), messages++, kind, between(500, 9000));
    else if (kind < 66) recorder.at(now, node, { type: 'disk', action: 'sync', text: 'log, 4096 bytes' });
    else if (kind < 69)
      recorder.at(now, node, { type: 'log', text: `term ${between(1, 9)} begins, votes for ${one()}` });
    else if (kind < 72)
      recorder.at(now, node, { type: 'fact', fact: { type: 'elected', term: between(1, 9) } });
    else if (kind < 73) recorder.at(now, node, { type: 'probe', probe: 'stale leader' });
    else if (kind < 74) recorder.at(now, node, { type: 'clock', action: 'jump', byMs: between(-900, 900) });
    else if (kind < 75) recorder.at(now, node, { type: 'connect', peer: one() });
    else if (kind < 77 && faults * 90 < recorder.size) strike(recorder, now, faults++, names, between);
    else if (kind < 90) call(recorder, history, now, between(0, 2), between);
  }
  const end = now + 20_000;
  recorder.at(now * 0.7, '', { type: 'phase', phase: 'liveness' });
  const finding = {
    rule: 'linearizability',
    message: 'No order of the operations explains that client-1 read 3 after 5 was written <&>',
    atMs: (now * 0.62) / 1000,
    details: { key: 'x', read: 3n, bytes: Uint8Array.of(1, 2) },
  };
  if (!ok) {
    recorder.at(now * 0.62, 'client-1', { type: 'finding', rule: finding.rule, message: finding.message });
  }
  recorder.at(end, '', { type: 'phase', phase: 'end' });
  const trace = recorder.trace();
  return {
    scenario: 'quorum-register',
    seed,
    verdict: ok ? 'ok' : 'violation',
    ...(ok ? {} : { finding: { ...finding, atMs: Math.round(now * 0.62) / 1000 } }),
    traceHash: '0123456789abcdef',
    events: trace.length,
    simulatedMs: end / 1000,
    probes: ['stale leader'],
    history,
    trace,
  };
}

function exchange(
  recorder: Recorder,
  now: number,
  from: string,
  to: string,
  message: number,
  kind: number,
  takes: number,
): void {
  recorder.at(now, from, { type: 'send', message, to, bytes: 40 + kind, text: `append term ${kind % 7}` });
  if (kind % 13 === 0) {
    recorder.at(now + takes, to, { type: 'drop', message, from, why: 'loss' });
    return;
  }
  const corrupted = kind % 17 === 0 ? { corrupted: true as const } : {};
  recorder.at(now + takes, to, { type: 'deliver', message, from, ...corrupted });
  if (kind % 11 === 0) recorder.at(now + takes * 1.8, to, { type: 'deliver', message, from });
  recorder.at(now + takes, to, { type: 'fact', fact: { type: 'accepted', index: message } });
}

function strike(
  recorder: Recorder,
  now: number,
  fault: number,
  names: readonly string[],
  between: (min: number, max: number) => number,
): void {
  const kind = faultKinds[fault % faultKinds.length] ?? 'clog';
  const lasts = between(40_000, 300_000);
  const node = names[between(0, names.length - 1)] ?? 'n1';
  const struck = kind === 'partition' ? names.slice(0, between(1, names.length - 1)) : [node];
  recorder.at(now, '', { type: 'fault-begin', fault, kind, nodes: struck, text: `episode ${fault}` });
  recorder.at(now + lasts, '', { type: 'fault-end', fault });
  if (kind === 'crash') {
    recorder.at(now, node, { type: 'crash' });
    recorder.at(now + lasts, node, { type: 'start', incarnation: fault + 2 });
  } else if (kind === 'pause') {
    recorder.at(now, node, { type: 'pause' });
    recorder.at(now + lasts, node, { type: 'resume' });
  }
}

/** One at a time for each client, but for those that never return. */
function call(
  recorder: Recorder,
  history: Operation[],
  now: number,
  client: number,
  between: (min: number, max: number) => number,
): void {
  const process = `client-${client}`;
  const busy = history.findLast(
    operation => operation.process === process && operation.returnedAt !== undefined,
  );
  const invokedAt = Math.max(now, (busy?.returnedAt ?? 0) + 500);
  const operation = history.length;
  const input = operation % 2 === 0 ? { op: 'write', key: 'x', value: operation } : { op: 'read', key: 'x' };
  recorder.at(invokedAt, process, { type: 'invoke', operation, input });
  if (operation % 9 === 4) {
    history.push({ process, input, invokedAt });
    recorder.at(invokedAt + 30_000, process, { type: 'open', operation, why: 'deadline' });
    return;
  }
  const returnedAt = invokedAt + between(8000, 60_000);
  const output = operation % 2 === 0 ? 'ok' : operation - 1;
  history.push({ process, input, output, invokedAt, returnedAt });
  recorder.at(returnedAt, process, { type: 'return', operation, output });
}

/** All operations that returned, up to the one that does not fit: what a checker might say of a made run. */
export function madeLinearization({ history }: RunResult): NotLinearizable<string> {
  const returned = history.map((_, place) => place).filter(place => history[place]?.returnedAt !== undefined);
  const order = returned.slice(0, Math.floor(returned.length * 0.6));
  const stuck = Int32Array.of(returned[order.length] ?? 0);
  return {
    verdict: 'violation',
    partition: undefined,
    prefix: Int32Array.from(order),
    stuck,
    state: '5',
    steps: 1,
    message: '',
  };
}
