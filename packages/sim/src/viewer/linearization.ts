import { linearizationPoints } from '../linearizability/linearization-points.ts';
import type { LinearizabilityResult } from '../linearizability/result.ts';
import type { Operation } from '../operation.ts';
import type { RunResult } from '../run-result.ts';
import { valueText } from './value-text.ts';

/** Operations by the numbers that the trace knows them by. */
export interface EffectTimes {
  /** For each partition, the operations in the order in which they took effect, each with a time at which it may have. */
  readonly points: readonly (readonly (readonly [operation: number, atUs: number])[])[];
  /** The operation that no order explains. */
  readonly misfit?: number;
}

/**
 * Gives each operation a time at which it may have taken effect, as early as can be: of a violation, the operations of the
 * longest prefix that fits. Operations that the trace does not have get none.
 */
export function effectTimes(result: RunResult, found: LinearizabilityResult<unknown>): EffectTimes {
  if (found.verdict === 'unknown') return { points: [] };
  const calls = callsOf(result);
  const orders = found.verdict === 'ok' ? found.linearization.map(({ order }) => order) : [found.prefix];
  const points = orders.map(order => {
    const times = linearizationPoints(result.history, order);
    const known: (readonly [number, number])[] = [];
    for (const [place, index] of order.entries()) {
      const operation = calls[index];
      if (operation !== undefined) known.push([operation, times[place] ?? 0]);
    }
    return known;
  });
  const misfit = found.verdict === 'ok' ? undefined : calls[found.stuck[0] ?? -1];
  return misfit === undefined ? { points } : { points, misfit };
}

/** What a finding of the linearizability check carries along, where it is one: operations of the history, or their places. */
export function violationIn({ finding, history }: RunResult): LinearizabilityResult<unknown> | undefined {
  const details = finding?.details as { prefix?: unknown; stuck?: unknown } | undefined | null;
  if (typeof details !== 'object' || details === null) return undefined;
  const [prefix, stuck] = [placesOf(details.prefix, history), placesOf(details.stuck, history)];
  if (prefix === undefined || stuck === undefined) return undefined;
  const { message = '' } = finding ?? {};
  return { verdict: 'violation', partition: undefined, prefix, stuck, state: undefined, steps: 0, message };
}

/** No two operations of a run were invoked at the same stamp. */
function placesOf(operations: unknown, history: readonly Operation[]): Int32Array | undefined {
  if (operations instanceof Int32Array) return operations;
  if (!Array.isArray(operations)) return undefined;
  const stamps = new Map(history.map(({ invokedAt }, place) => [invokedAt, place]));
  const places = operations.map((operation: Partial<Operation> | null) =>
    stamps.get(operation?.invokedAt ?? -1),
  );
  return places.includes(undefined) ? undefined : Int32Array.from(places as number[]);
}

/**
 * The trace's number of each operation of the history. Both have the calls of a process in the order in which it made them,
 * but the history lacks those that certainly never were applied.
 */
function callsOf({ history, trace = [] }: RunResult): (number | undefined)[] {
  const inputs = new Map<number, { node: string; input: unknown }>();
  for (const { node, detail } of trace) {
    if (detail.type === 'invoke') inputs.set(detail.operation, { node, input: detail.input });
    else if (detail.type === 'open' && detail.why.startsWith('not applied')) inputs.delete(detail.operation);
  }
  const waiting = new Map<string, [operation: number, input: unknown][]>();
  for (const [operation, { node, input }] of inputs) {
    const own = waiting.get(node);
    if (own === undefined) waiting.set(node, [[operation, input]]);
    else own.push([operation, input]);
  }
  const order = [...history.entries()].sort(([, a], [, b]) => a.invokedAt - b.invokedAt);
  const calls: (number | undefined)[] = [];
  for (const [place, operation] of order)
    calls[place] = take(waiting.get(String(operation.process)), operation);
  return calls;
}

/** The first call that is left with this input. */
function take(waiting: [number, unknown][] | undefined, { input }: Operation): number | undefined {
  const place =
    waiting?.findIndex(([, other]) => other === input || valueText(other) === valueText(input)) ?? -1;
  return place < 0 ? undefined : waiting?.splice(0, place + 1).at(-1)?.[0];
}
