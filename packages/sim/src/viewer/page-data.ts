/** What the page's script is given, as JSON: see `pageData` and `packTrace` for how it is made. */
export interface PageData {
  /** The run, and the one it is compared with. */
  readonly runs: readonly RunData[];
  /** Position of the first event that differs, where two runs are compared and do. */
  readonly divergence?: number;
}

export interface RunData extends PackedTrace {
  readonly title: string;
  readonly endUs: number;
  /** Position of the event that the page opens at. */
  readonly finding?: number;
  readonly findingText?: string;
  /** For each partition, where its operations took effect, in order. */
  readonly points: readonly (readonly (readonly [operation: number, atUs: number])[])[];
  /** The operation that fits nowhere. */
  readonly misfit?: number;
}

/** Events in columns. An event is named by its position, from 0. */
export interface PackedTrace {
  readonly lanes: readonly Lane[];
  readonly strings: readonly string[];
  readonly kinds: readonly string[];
  /** Of each event: its kind; its lane, counted from 1, 0 for the world; microseconds since the one before. */
  readonly kind: readonly number[];
  readonly lane: readonly number[];
  readonly time: readonly number[];
  /** Where positions are not the events' own numbers. */
  readonly index?: readonly number[];
  /** Of each kind, its fields, each a value for each event of that kind. */
  readonly fields: readonly (readonly Column[])[];
}

export interface Lane {
  readonly name: string;
  readonly client: boolean;
}

/**
 * The values of one field: `delta`: integers, each less the one before; `number`: numbers, or null where absent; `text`: a
 * string's place in the table from 1, 0 where absent; `list`: the same, of JSON.
 */
export interface Column {
  readonly name: string;
  readonly code: 'delta' | 'number' | 'text' | 'list';
  readonly values: readonly (number | null)[];
}
