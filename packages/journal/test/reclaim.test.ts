import { expect, test } from 'vitest';
import { Reclaim } from '../src/reclaim.ts';
import type { Segments } from '../src/segments.ts';
import type { Writer } from '../src/writer.ts';

test('whoever asks for room while a run ends is not missed', async () => {
  for (let delay = 0; delay < 12; delay++) {
    let looks = 0;
    const only = { number: 1 };
    const segments = {
      get list() {
        looks++;
        return { active: only, oldest: only, sealed: [], all: [only] };
      },
    };
    const reclaim = new Reclaim(segments as unknown as Segments, {} as Writer, new Map());
    const first = reclaim.run();
    for (let turn = 0; turn < delay; turn++) await Promise.resolve();
    const before = looks;
    await reclaim.run();
    expect([delay, looks > before]).toEqual([delay, true]);
    await first;
  }
});
