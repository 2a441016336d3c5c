import type { RunData } from '../src/viewer/page-data.ts';
import { type Links, linksOf } from './links.ts';
import { Run } from './run.ts';
import { type Spans, spansOf } from './spans.ts';

/** A run, with what was made out about it. */
export interface RunModel {
  readonly run: Run;
  readonly links: Links;
  readonly spans: Spans;
  /** One for each event that the filters let through; the events themselves, in order. */
  shown: Uint8Array;
  list: Uint32Array;
}

export function runModel(data: RunData): RunModel {
  const run = new Run(data);
  return {
    run,
    links: linksOf(run),
    spans: spansOf(run),
    shown: new Uint8Array(run.count).fill(1),
    list: Uint32Array.from({ length: run.count }, (_, event) => event),
  };
}

/** Events that `event` caused, in order. O(events). */
export function effectsOf({ run, links }: RunModel, event: number): number[] {
  const effects: number[] = [];
  for (let other = event + 1; other < run.count; other++)
    if (links.causes[other] === event) effects.push(other);
  return effects;
}
