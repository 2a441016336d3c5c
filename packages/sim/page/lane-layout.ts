import type { RunModel } from './run-model.ts';

/** Where a lane is drawn. */
export interface LaneBox {
  readonly run: number;
  readonly lane: number;
  readonly name: string;
  readonly client: boolean;
  readonly top: number;
  readonly height: number;
  /** The line on which events stand. */
  readonly base: number;
}

export interface RunBox {
  readonly run: number;
  readonly title: string;
  readonly top: number;
  readonly bottom: number;
  /** The rows of faults stand here; none have no height. */
  readonly faultsTop: number;
  readonly faultRows: number;
}

export interface Layout {
  readonly lanes: readonly LaneBox[];
  readonly runs: readonly RunBox[];
  readonly height: number;
}

export const faultRowHeight = 20;
export const callRowHeight = 24;
const FAULT_ROWS_MAX = 4;
const CALL_ROWS_MAX = 6;
const TITLE_HEIGHT = 26;
const NODE_HEIGHT = 58;

/** Stacks the lanes of one run, or of two that are compared, below one another. Lanes that are hidden take no room. */
export function layOut(models: readonly RunModel[], hidden: ReadonlySet<string>): Layout {
  const lanes: LaneBox[] = [];
  const runs: RunBox[] = [];
  let top = 0;
  for (const [run, model] of models.entries()) {
    const runTop = top;
    if (models.length > 1) top += TITLE_HEIGHT;
    const faultsTop = top + 4;
    const faultRows = Math.min(rowsOf(model.spans.faults), FAULT_ROWS_MAX);
    top += faultRows === 0 ? 0 : faultRows * faultRowHeight + 8;
    for (const [lane, { name, client }] of model.run.data.lanes.entries()) {
      if (hidden.has(name)) continue;
      const callRows = Math.min(rowsOf(model.spans.calls.filter(call => call.lane === lane)), CALL_ROWS_MAX);
      const height = NODE_HEIGHT + Math.max(callRows - 1, 0) * callRowHeight + (callRows > 0 ? 6 : 0);
      lanes.push({ run, lane, name, client, top, height, base: top + height - 20 });
      top += height;
    }
    runs.push({ run, title: model.run.data.title, top: runTop, bottom: top, faultsTop, faultRows });
  }
  return { lanes, runs, height: top + 4 };
}

/** A row for each that overlap; those beyond the most that are drawn share the last. */
export function callTop(box: LaneBox, row: number): number {
  return box.top + 7 + Math.min(row, CALL_ROWS_MAX - 1) * callRowHeight;
}

export function faultTop(box: RunBox, row: number): number {
  return box.faultsTop + Math.min(row, FAULT_ROWS_MAX - 1) * faultRowHeight;
}

function rowsOf(items: readonly { readonly row: number }[]): number {
  return items.reduce((most, { row }) => Math.max(most, row + 1), 0);
}
