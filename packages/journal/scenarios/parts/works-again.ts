import type { Invariant } from '@quorate/sim';

/** Once all faults are over, a journal takes entries again, whatever its disk went through. */
export function worksAgain(safetyMs: number): Invariant {
  let doneMs = 0;
  const rule = 'works-again';
  return {
    name: rule,
    observe({ type, entryCount }, { atMs }) {
      if (type === 'journal-done' && Number(entryCount) > 0) doneMs = atMs;
      return undefined;
    },
    finish() {
      if (doneMs >= safetyMs) return undefined;
      return { rule, message: `No entries were taken after the faults, the last ones at ${doneMs} ms` };
    },
  };
}
