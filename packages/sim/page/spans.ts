import { laneNamed } from './links.ts';
import type { Run } from './run.ts';

/** A time for which something held, and the event that began it. */
export interface Span {
  readonly event: number;
  readonly lane: number;
  readonly fromUs: number;
  readonly toUs: number;
}

/** One life of a node, from its start to its crash. */
export interface Life extends Span {
  readonly incarnation: number;
}

export interface Fault {
  readonly event: number;
  readonly kind: string;
  readonly text: string;
  /** Lanes that it strikes; all where none is named. */
  readonly lanes: readonly number[];
  readonly fromUs: number;
  readonly toUs: number;
  /** Row among the faults of the same time. */
  row: number;
}

/** A call of a client. An open one has no end. */
export interface Call extends Span {
  readonly operation: number;
  readonly end: number;
  readonly input: string;
  readonly outcome: string;
  readonly open: boolean;
  /** It certainly was not applied. */
  readonly refused: boolean;
  /** Row among the calls of its lane that overlap. */
  row: number;
  point: number | undefined;
  misfit: boolean;
}

export interface Spans {
  readonly lives: readonly Life[];
  readonly pauses: readonly Span[];
  readonly faults: readonly Fault[];
  readonly calls: readonly Call[];
}

/** Pairs what begins with what ends it; what has no end lasts to the end of the run. O(events log faults). */
export function spansOf(run: Run): Spans {
  const ends = endsOf(run);
  const points = new Map(run.data.points.flat());
  const lives: Life[] = [];
  const pauses: Span[] = [];
  const faults: Fault[] = [];
  const calls: Call[] = [];
  for (let event = 0; event < run.count; event++) {
    const type = run.type(event);
    const end = ends.get(event);
    const span = {
      event,
      lane: run.lane(event),
      fromUs: run.time(event),
      toUs: end === undefined ? run.data.endUs : run.time(end),
    };
    if (type === 'start') lives.push({ ...span, incarnation: run.id(event, 'incarnation') });
    else if (type === 'pause') pauses.push(span);
    else if (type === 'fault-begin') faults.push(faultOf(run, span));
    else if (type === 'invoke') calls.push(callOf(run, span, end ?? -1, points));
  }
  stack(
    faults,
    () => 0,
    fault => fault.toUs,
  );
  stack(
    calls,
    call => call.lane,
    call => call.toUs,
  );
  return { lives, pauses, faults, calls };
}

/** Of each event that begins something, the one that ends it. */
function endsOf(run: Run): Map<number, number> {
  const ends = new Map<number, number>();
  const open = new Map<string, number>();
  const close = (key: string, event: number): void => {
    const begin = open.get(key);
    if (begin !== undefined) ends.set(begin, event);
    open.delete(key);
  };
  for (let event = 0; event < run.count; event++) {
    const lane = run.lane(event);
    const type = run.type(event);
    if (type === 'start') {
      close(`life ${lane}`, event);
      open.set(`life ${lane}`, event);
    } else if (type === 'crash') {
      close(`life ${lane}`, event);
      close(`pause ${lane}`, event);
    } else if (type === 'pause') open.set(`pause ${lane}`, event);
    else if (type === 'resume') close(`pause ${lane}`, event);
    else if (type === 'fault-begin') open.set(`fault ${run.id(event, 'fault')}`, event);
    else if (type === 'fault-end') close(`fault ${run.id(event, 'fault')}`, event);
    else if (type === 'invoke') open.set(`call ${run.id(event, 'operation')}`, event);
    else if (type === 'return' || type === 'open') close(`call ${run.id(event, 'operation')}`, event);
  }
  return ends;
}

function faultOf(run: Run, { event, fromUs, toUs }: Span): Fault {
  const names = run.field(event, 'nodes');
  const lanes = (Array.isArray(names) ? names : []).map(name => laneNamed(run, name));
  return {
    event,
    kind: String(run.field(event, 'kind')),
    text: String(run.field(event, 'text') ?? ''),
    lanes: lanes.length > 0 ? lanes : run.data.lanes.map((_, lane) => lane),
    fromUs,
    toUs,
    row: 0,
  };
}

function callOf(run: Run, span: Span, end: number, points: ReadonlyMap<number, number>): Call {
  const operation = run.id(span.event, 'operation');
  const given = end >= 0 && run.type(end) === 'open';
  const refused = given && String(run.field(end, 'why')).startsWith('not applied');
  const open = end < 0 || (given && !refused);
  return {
    ...span,
    operation,
    end,
    open,
    input: String(run.field(span.event, 'input') ?? ''),
    refused,
    outcome: end < 0 ? 'never returned' : String(run.field(end, given ? 'why' : 'output') ?? ''),
    row: 0,
    point: points.get(operation),
    misfit: run.data.misfit === operation,
  };
}

/** Gives each item the lowest row of its lane that is free when it begins. Items are in the order of their beginnings. */
function stack<Item extends { fromUs: number; row: number }>(
  items: readonly Item[],
  laneOf: (item: Item) => number,
  endOf: (item: Item) => number,
): void {
  const busy = new Map<number, number[]>();
  for (const item of items) {
    const rows = busy.get(laneOf(item)) ?? [];
    busy.set(laneOf(item), rows);
    const free = rows.findIndex(until => until <= item.fromUs);
    item.row = free < 0 ? rows.length : free;
    rows[item.row] = endOf(item);
  }
}
