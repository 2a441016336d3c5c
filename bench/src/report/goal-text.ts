import type { Goal, Unit } from '../suite.ts';
import { formatRatio, formatValue } from './format.ts';

/** A goal in one line. */
export function goalText(goal: Goal, unit: Unit): string {
  if ('to' in goal) return `${goal.of} / ${goal.to} ≤ ${formatRatio(goal.atMost)}`;
  if ('limit' in goal) return `${goal.of} ≤ ${formatValue(goal.limit, unit)}`;
  return `${goal.of} on ${goal.threads} threads ≥ ${goal.atLeast}x one thread, where ${goal.control} scales as far`;
}
