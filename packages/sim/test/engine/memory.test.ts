import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { simulate } from '../../src/index.ts';
import { heartbeatAsync } from '../../scenarios/heartbeat.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('a run leaves nothing behind: thousands fit into one process', async () => {
  const style = { ...heartbeatAsync, safetyMs: 3_000, livenessMs: 500 };
  const heapAfter = async (seeds: number): Promise<number> => {
    for (let seed = 1; seed <= seeds; seed++) await simulate(style, { seed });
    collect();
    return process.memoryUsage().heapUsed;
  };
  await heapAfter(50);
  const before = await heapAfter(50);
  const after = await heapAfter(400);
  // One run holds some 300 kB while it lasts.
  expect(after - before).toBeLessThan(4_000_000);
});
