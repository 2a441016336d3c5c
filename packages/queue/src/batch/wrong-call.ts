import { QuorateError } from '@quorate/core';

/** Whether a call was refused for what it asked for: nothing of it took effect, and it is no use asking again. */
export function isWrongCall(thrown: unknown): boolean {
  if (thrown instanceof TypeError || thrown instanceof RangeError) return true;
  return thrown instanceof QuorateError && thrown.code === 'UNSUPPORTED';
}
