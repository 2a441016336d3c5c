import type { TraceEvent } from '../trace/trace-event.ts';
import { valueText } from './value-text.ts';

/** Of each event so much text is compared. */
const COMPARED_MAX = 2 ** 24;

/** Position of the first event in which two traces differ; undefined where they are equal. O(events up to there). */
export function divergence(one: readonly TraceEvent[], other: readonly TraceEvent[]): number | undefined {
  const count = Math.max(one.length, other.length);
  for (let position = 0; position < count; position++) {
    if (!sameEvent(one[position], other[position])) return position;
  }
  return undefined;
}

function sameEvent(one: TraceEvent | undefined, other: TraceEvent | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one.atUs !== other.atUs || one.node !== other.node || one.detail.type !== other.detail.type)
    return false;
  return valueText(one.detail, COMPARED_MAX) === valueText(other.detail, COMPARED_MAX);
}
