import { eventText } from '../src/viewer/event-text.ts';
import type { FlatDetail, FlatValue } from '../src/viewer/flat-detail.ts';
import type { Column, RunData } from '../src/viewer/page-data.ts';

/** A recorded run, unpacked into typed arrays. Events are named by position; lane -1 is the world. */
export class Run {
  readonly data: RunData;
  readonly count: number;
  readonly times: Float64Array;
  readonly lanes: Int16Array;
  readonly kinds: Uint8Array;
  /** The how-manieth of its kind each event is: its place in the columns. */
  readonly ordinals: Uint32Array;
  readonly #columns: readonly (readonly Column[])[];

  constructor(data: RunData) {
    this.data = data;
    this.count = data.kind.length;
    this.times = new Float64Array(this.count);
    this.lanes = Int16Array.from(data.lane, lane => lane - 1);
    this.kinds = Uint8Array.from(data.kind);
    this.ordinals = new Uint32Array(this.count);
    const seen = data.kinds.map(() => 0);
    let now = 0;
    for (let event = 0; event < this.count; event++) {
      now += data.time[event] ?? 0;
      this.times[event] = now;
      const kind = this.kinds[event] ?? 0;
      const ordinal = seen[kind] ?? 0;
      this.ordinals[event] = ordinal;
      seen[kind] = ordinal + 1;
    }
    this.#columns = data.fields.map(columns => columns.map(unpacked));
  }

  type(event: number): string {
    return this.data.kinds[this.kinds[event] ?? -1] ?? '';
  }

  time(event: number): number {
    return this.times[event] ?? 0;
  }

  lane(event: number): number {
    return this.lanes[event] ?? -1;
  }

  node(event: number): string {
    return this.data.lanes[this.lane(event)]?.name ?? '';
  }

  /** The number that the simulator gave the event. */
  number(event: number): number {
    return this.data.index?.[event] ?? event;
  }

  field(event: number, name: string): FlatValue | undefined {
    const column = this.#columns[this.kinds[event] ?? -1]?.find(candidate => candidate.name === name);
    return column === undefined ? undefined : this.#value(column, this.ordinals[event] ?? 0);
  }

  /** A field that is a number, such as an id; -1 where it is not. */
  id(event: number, name: string): number {
    const value = this.field(event, name);
    return typeof value === 'number' ? value : -1;
  }

  detail(event: number): FlatDetail {
    const detail: Record<string, FlatValue> = { type: this.type(event) };
    for (const column of this.#columns[this.kinds[event] ?? -1] ?? []) {
      const value = this.#value(column, this.ordinals[event] ?? 0);
      if (value !== undefined) detail[column.name] = value;
    }
    return detail as FlatDetail;
  }

  text(event: number): string {
    return eventText(this.detail(event));
  }

  /** Position of the first event at `atUs` or later. O(log events). */
  firstAt(atUs: number): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.time(middle) < atUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #value({ code, values }: Column, ordinal: number): FlatValue | undefined {
    const value = values[ordinal] ?? undefined;
    if (code === 'delta' || code === 'number' || value === undefined) return value;
    const text = this.data.strings[value - 1];
    return text === undefined || code === 'text' ? text : (JSON.parse(text) as string[]);
  }
}

/** Undoes the differences. */
function unpacked(column: Column): Column {
  if (column.code !== 'delta') return column;
  let sum = 0;
  return { ...column, code: 'number', values: column.values.map(value => (sum += value ?? 0)) };
}
