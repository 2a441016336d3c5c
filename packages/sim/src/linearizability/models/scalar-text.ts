import type { Scalar } from '../model.ts';

/** A text that no other value has: `1` and `"1"` differ. */
export function scalarText(value: Scalar): string {
  return typeof value === 'string' ? `"${value}` : String(value);
}
