import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cases } from './conformance/cases.ts';
import { inlineWorkers, nodeThreads } from './conformance/subjects.ts';

// Dozens of workers load the same sources: with compiled code kept between them they start in half the time.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'quorate-compile-cache');

for (const subject of [nodeThreads, inlineWorkers]) {
  describe(subject.name, () => {
    for (const { name, applies, run } of cases) {
      if (applies?.(subject) ?? true) test(name, () => expect(run(subject)).resolves.toBeUndefined());
    }
  });
}
