import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../statistics/quantile.ts';
import type { Setup } from '../../suite.ts';

/**
 * What the disk alone takes: the median of writing a block and waiting until it is on disk, with a rest in between, ns.
 *
 * @param moreNs what is added to it, for a goal that allows for more than the disk
 */
export function syncs(moreNs = 0): Setup {
  return async context => ({ quantity: (await syncMedian(context.number('jobs'))) + moreNs });
}

async function syncMedian(syncCount: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
  const file = await open(join(folder, 'file'), 'w');
  const block = Buffer.alloc(4096, 1);
  const times: number[] = [];
  try {
    for (let count = 0; count < syncCount; count++) {
      await sleep(10);
      const startMs = performance.now();
      await file.write(block, 0, block.length, (count % 64) * block.length);
      await file.datasync();
      times.push(performance.now() - startMs);
    }
    return quantile(times, 0.5) * 1e6;
  } finally {
    await file.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
