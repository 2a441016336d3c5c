import type { TraceDetail } from '../trace/trace-event.ts';
import { valueText } from './value-text.ts';

/** What a page can hold of a field: a number, a text, or a list of names. */
export type FlatValue = string | number | readonly string[];

/** An event's detail as a page holds it: values of any other kind are text. */
export interface FlatDetail {
  readonly type: string;
  readonly [field: string]: FlatValue;
}

/** Turns values into what a page can hold. Fields that are undefined are left out; of a fact, its own fields are taken. */
export function flatDetail(detail: TraceDetail): FlatDetail {
  const flat: Record<string, FlatValue> = {};
  for (const [field, value] of Object.entries(detail)) {
    if (value !== undefined) flat[field] = flatValue(field, value);
  }
  return flat as FlatDetail;
}

function flatValue(field: string, value: unknown): FlatValue {
  if (typeof value === 'number' && field !== 'output' && field !== 'input') return value;
  if (Array.isArray(value) && value.every(part => typeof part === 'string') && field === 'nodes')
    return value;
  if (typeof value === 'string' && field !== 'output' && field !== 'input') return value;
  if (field === 'fact') return factText(value as Readonly<Record<string, unknown>>);
  return valueText(value);
}

/** A fact's kind, and then its fields: `acquired { token: 3 }`. */
function factText({ type, ...fields }: Readonly<Record<string, unknown>>): string {
  return Object.keys(fields).length === 0 ? String(type) : `${String(type)} ${valueText(fields)}`;
}
