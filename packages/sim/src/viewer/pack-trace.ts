import type { TraceEvent } from '../trace/trace-event.ts';
import { type FlatDetail, type FlatValue, flatDetail } from './flat-detail.ts';
import type { Column, Lane, PackedTrace } from './page-data.ts';

/**
 * Puts events into columns, so that a page with 100,000 of them stays small: equal texts are kept once, and numbers that
 * count up become small differences. Knows no kinds: whatever fields an event has are packed. O(events).
 */
export function packTrace(trace: readonly TraceEvent[]): PackedTrace {
  const strings = new Table();
  const kinds = new Table();
  const lanes = lanesOf(trace);
  const places = new Map(lanes.map(({ name }, place) => [name, place + 1]));
  const byKind: FlatDetail[][] = [];
  const [kind, lane, time]: [number[], number[], number[]] = [[], [], []];
  let before = 0;
  for (const { atUs, node, detail } of trace) {
    const place = kinds.place(detail.type);
    kind.push(place);
    lane.push(places.get(node) ?? 0);
    time.push(atUs - before);
    before = atUs;
    (byKind[place] ??= []).push(flatDetail(detail));
  }
  const inOrder = trace.every(({ index }, position) => index === position);
  return {
    lanes,
    kinds: kinds.values,
    kind,
    lane,
    time,
    ...(inOrder ? {} : { index: trace.map(({ index }) => index) }),
    fields: byKind.map(details => columnsOf(details, strings)),
    strings: strings.values,
  };
}

/** Nodes, then clients, each in the order of their names, numbers in names by value. */
export function lanesOf(trace: readonly TraceEvent[]): Lane[] {
  const [names, started, callers] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const { node, detail } of trace) {
    if (node === '') continue;
    names.add(node);
    if (detail.type === 'start') started.add(node);
    if (detail.type === 'invoke') callers.add(node);
  }
  const client = (name: string): boolean => callers.has(name) || (started.size > 0 && !started.has(name));
  const lanes = [...names].map(name => ({ name, client: client(name) }));
  return lanes.sort((a, b) => Number(a.client) - Number(b.client) || compareNames(a.name, b.name));
}

/** By code units, but runs of digits by their value: the same on every machine, which `localeCompare` is not. */
function compareNames(a: string, b: string): number {
  const padded = (name: string): string => name.replace(/\d+/g, digits => digits.padStart(12, '0'));
  const [left, right] = [padded(a), padded(b)];
  return left < right ? -1 : Number(left > right);
}

function columnsOf(details: readonly FlatDetail[], strings: Table): Column[] {
  const names = new Set<string>();
  for (const detail of details) for (const name of Object.keys(detail)) names.add(name);
  names.delete('type');
  return [...names].map(name =>
    columnOf(
      name,
      details.map(detail => detail[name]),
      strings,
    ),
  );
}

function columnOf(name: string, values: readonly (FlatValue | undefined)[], strings: Table): Column {
  if (values.every(value => Number.isSafeInteger(value))) {
    const numbers = values as readonly number[];
    const deltas = numbers.map((value, place) => value - (numbers[place - 1] ?? 0));
    return { name, code: 'delta', values: deltas };
  }
  if (values.every(value => value === undefined || Number.isFinite(value))) {
    return { name, code: 'number', values: values.map(value => (value as number | undefined) ?? null) };
  }
  const list = values.some(value => typeof value === 'object');
  const place = (value: FlatValue | undefined): number =>
    value === undefined ? 0 : strings.place(list ? JSON.stringify(value) : String(value)) + 1;
  return { name, code: list ? 'list' : 'text', values: values.map(place) };
}

/** Strings, each kept once. */
class Table {
  readonly values: string[] = [];
  readonly #places = new Map<string, number>();

  place(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.values.push(text) - 1;
      this.#places.set(text, place);
    }
    return place;
  }
}
