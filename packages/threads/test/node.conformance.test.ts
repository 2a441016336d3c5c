import { describe, expect, test } from 'vitest';
import { cases } from './conformance/cases.ts';
import { inlineWorkers, nodeThreads } from './conformance/subjects.ts';

for (const subject of [nodeThreads, inlineWorkers]) {
  describe(subject.name, () => {
    for (const { name, applies, run } of cases) {
      if (applies?.(subject) ?? true) test(name, () => expect(run(subject)).resolves.toBeUndefined());
    }
  });
}
