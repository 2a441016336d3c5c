import type { Run } from './run.ts';

/** What became of a message. */
export type Fate = 'delivered' | 'corrupted' | 'duplicate' | 'dropped' | 'pending';

/** A message on its way, once for each delivery. */
export interface Arrow {
  readonly message: number;
  /** Events; -1 where there is none. */
  readonly send: number;
  readonly end: number;
  readonly fromLane: number;
  readonly toLane: number;
  readonly fromUs: number;
  readonly toUs: number;
  readonly fate: Fate;
}

/** What happened because of what. */
export interface Links {
  readonly arrows: readonly Arrow[];
  /** Of each event, the one that caused it; -1 where nothing is known. */
  readonly causes: Int32Array;
}

/** What wakes a program: what it does at the same instant after one of these, it does while handling it. */
const WAKING = new Set(['start', 'deliver', 'timer', 'disk', 'resume', 'return', 'connect', 'disconnect']);

/**
 * Links deliveries to sendings, ends to beginnings, and whatever a program does to what it was handling: the last event
 * that could wake that program at that instant, for handling takes no simulated time. O(events).
 */
export function linksOf(run: Run): Links {
  const causes = new Int32Array(run.count).fill(-1);
  const sends = new Map<number, number>();
  const begins = new Map<string, number>();
  const handled = new Map<number, number>();
  const arrows: Arrow[] = [];
  const arrived = new Set<number>();
  const open = new Map<number, number>();
  for (let event = 0; event < run.count; event++) {
    const type = run.type(event);
    const lane = run.lane(event);
    const woke = handled.get(lane);
    if (woke !== undefined && run.time(woke) === run.time(event)) causes[event] = woke;
    if (type === 'send') sends.set(run.id(event, 'message'), event);
    else if (type === 'deliver' || type === 'drop') {
      const send = sends.get(run.id(event, 'message')) ?? -1;
      causes[event] = send;
      arrows.push(arrowTo(run, event, send, arrived.has(run.id(event, 'message'))));
      arrived.add(run.id(event, 'message'));
    } else if (type === 'finding') causes[event] = causeOfFinding(run, event, open);
    else linkEnds(run, event, type, begins, causes);
    if (type === 'invoke') open.set(run.id(event, 'operation'), event);
    else if (type === 'return' || type === 'open') open.delete(run.id(event, 'operation'));
    if (WAKING.has(type)) handled.set(lane, event);
  }
  for (const [message, send] of sends) if (!arrived.has(message)) arrows.push(pending(run, send));
  return { arrows, causes };
}

/** What an invariant was told just before it spoke up; of clients that wait for ever, the first operation that does. */
function causeOfFinding(run: Run, event: number, open: ReadonlyMap<number, number>): number {
  if (run.field(event, 'rule') === 'liveness') {
    const [first = -1] = open.values();
    return first;
  }
  const told = event - 1;
  return told >= 0 && run.type(told) === 'fact' && run.time(told) === run.time(event) ? told : -1;
}

/** The end of a fault or of an operation is linked to its beginning, a resumption to the pause, a start to the crash. */
function linkEnds(
  run: Run,
  event: number,
  type: string,
  begins: Map<string, number>,
  causes: Int32Array,
): void {
  const link = (key: string): void => {
    causes[event] = begins.get(key) ?? -1;
  };
  const lane = run.lane(event);
  if (type === 'fault-begin') begins.set(`fault ${run.id(event, 'fault')}`, event);
  else if (type === 'fault-end') link(`fault ${run.id(event, 'fault')}`);
  else if (type === 'invoke') begins.set(`operation ${run.id(event, 'operation')}`, event);
  else if (type === 'return' || type === 'open') {
    if (causes[event] === -1) link(`operation ${run.id(event, 'operation')}`);
  } else if (type === 'pause' || type === 'crash') begins.set(`stop ${lane}`, event);
  else if (type === 'resume' || type === 'start') link(`stop ${lane}`);
}

function arrowTo(run: Run, end: number, send: number, again: boolean): Arrow {
  const from = laneNamed(run, run.field(end, 'from'));
  const lost = run.type(end) === 'drop';
  const corrupted = run.field(end, 'corrupted') !== undefined;
  const lane = run.lane(end);
  return {
    message: run.id(end, 'message'),
    send,
    end,
    fromLane: send < 0 ? from : run.lane(send),
    toLane: lane < 0 ? laneNamed(run, run.field(send, 'to')) : lane,
    fromUs: send < 0 ? run.time(end) : run.time(send),
    toUs: run.time(end),
    fate: lost ? 'dropped' : corrupted ? 'corrupted' : again ? 'duplicate' : 'delivered',
  };
}

/** Sent, and neither delivered nor dropped when the run ended. */
function pending(run: Run, send: number): Arrow {
  return {
    message: run.id(send, 'message'),
    send,
    end: -1,
    fromLane: run.lane(send),
    toLane: laneNamed(run, run.field(send, 'to')),
    fromUs: run.time(send),
    toUs: run.data.endUs,
    fate: 'pending',
  };
}

export function laneNamed(run: Run, name: unknown): number {
  return run.data.lanes.findIndex(lane => lane.name === name);
}
