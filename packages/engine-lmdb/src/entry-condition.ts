import type { Condition, Entry, Refused } from '@quorate/core';

/** Whether what stands at a key is what a write asks for. */
export function holds(condition: Condition, current: Entry | undefined): boolean {
  if ('absent' in condition) return current === undefined;
  if ('modified' in condition) return current?.modified === condition.modified;
  return current?.created === condition.created;
}

/** The answer to a write whose condition does not hold. */
export function refused(current: Entry | undefined): Refused {
  return current === undefined ? { outcome: 'not-applied' } : { outcome: 'not-applied', current };
}
