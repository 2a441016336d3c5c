import type { RunResult } from '../run-result.ts';
import { valueText } from './value-text.ts';

/** What a checker found about a history, by places in {@link RunResult.history}. */
export interface Linearization {
  /** All operations that took effect, in order; of a violation, the longest prefix that fits. */
  readonly order: readonly number[];
  /** The operation that does not fit after these. */
  readonly misfit?: number;
}

export interface LinearizationPoints {
  readonly points: readonly (readonly [operation: number, atUs: number])[];
  readonly misfit?: number;
}

/**
 * Gives each operation a time at which it may have taken effect: the earliest one that is not before its invocation and
 * not before what took effect ahead of it. Operations that the trace does not have get none.
 */
export function linearizationPoints(result: RunResult, linearization: Linearization): LinearizationPoints {
  const calls = callsOf(result);
  const points: (readonly [number, number])[] = [];
  let latestUs = 0;
  for (const place of linearization.order) {
    const call = calls[place];
    if (call === undefined) continue;
    latestUs = Math.max(latestUs, call.atUs);
    points.push([call.operation, latestUs]);
  }
  const misfit = linearization.misfit === undefined ? undefined : calls[linearization.misfit]?.operation;
  return misfit === undefined ? { points } : { points, misfit };
}

interface Call {
  readonly operation: number;
  readonly atUs: number;
}

/**
 * The trace's call of each operation of the history. Both have the calls of a process in the order in which it made them;
 * the trace also has those that were never applied. The history's unit of time is not known, so what is compared is the
 * process, the order and the input.
 */
function callsOf({ history, trace = [] }: RunResult): (Call | undefined)[] {
  const waiting = new Map<string, { call: Call; input: unknown }[]>();
  for (const { atUs, node, detail } of trace) {
    if (detail.type !== 'invoke') continue;
    const call = { call: { operation: detail.operation, atUs }, input: detail.input };
    const own = waiting.get(node);
    if (own === undefined) waiting.set(node, [call]);
    else own.push(call);
  }
  const order = history.map((_, place) => place);
  order.sort((a, b) => (history[a]?.invokedAt ?? 0) - (history[b]?.invokedAt ?? 0));
  const calls: (Call | undefined)[] = [];
  for (const place of order) {
    const operation = history[place];
    if (operation === undefined) continue;
    const own = waiting.get(String(operation.process)) ?? [];
    const found = own.findIndex(({ input }) => sameInput(input, operation.input));
    calls[place] = found < 0 ? undefined : own[found]?.call;
    if (found >= 0) own.splice(0, found + 1);
  }
  return calls;
}

function sameInput(one: unknown, other: unknown): boolean {
  return one === other || valueText(one) === valueText(other);
}
