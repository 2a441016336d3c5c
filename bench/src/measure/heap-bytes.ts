import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * The bytes that one thing of a kind keeps alive on this thread: V8's heap, and what it holds outside (array buffers,
 * shared ones too).
 *
 * Makes `copies` of it after one that is thrown away (code, caches and tables that all share are not its own), collects
 * garbage before and after, and divides. Meant for a process that does nothing else.
 */
export function heapBytes(make: (copy: number) => unknown, copies: number): number {
  make(-1);
  const kept: unknown[] = [];
  const before = usedBytes();
  for (let copy = 0; copy < copies; copy++) kept.push(make(copy));
  const after = usedBytes();
  if (kept.length !== copies) throw new Error('Copies must be alive when they are weighed');
  return (after - before) / copies;
}

function usedBytes(): number {
  // Flags are the process's; a context made after this one is set has the function.
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
