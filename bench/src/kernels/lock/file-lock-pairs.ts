import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lock } from 'proper-lockfile';
import type { OpenPairs } from './pairs.ts';

/** A folder beside a file, as proper-lockfile makes it, with the options that it has by default. */
export function fileLockPairs(): OpenPairs {
  return async () => {
    const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-'));
    const fileOf = (index: number): string => join(folder, `order-${index}`);
    const made = new Set<number>();
    return {
      async pair(index) {
        if (!made.has(index)) writeFileSync(fileOf(index), '');
        made.add(index);
        const release = await lock(fileOf(index));
        await release();
        return 0;
      },
      close: async () => rmSync(folder, { recursive: true, force: true }),
    };
  };
}
