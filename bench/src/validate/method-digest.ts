import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What measures, decides and is measured in a validation: folders, and how their files' names begin. */
const parts = [
  { folder: 'src/measure', names: [''] },
  { folder: 'src/run', names: ['run-process', 'sample-process', 'shuffled'] },
  { folder: 'src/validate', names: ['neighbour', 'run-once', 'validation-subjects'] },
  { folder: 'src/statistics', names: ['bootstrap', 'decide', 'exchange', 'holm', 'quantile', 'shift'] },
  {
    folder: 'src/check',
    names: [
      'check-profile',
      'guards',
      'judge-metrics',
      'measure-subjects',
      'metrics',
      'outcome',
      'plan-check',
      'subject',
      'variant',
    ],
  },
  { folder: 'src/kernels', names: ['canary', 'slowed', 'validation'] },
  { folder: 'suites', names: ['canary', 'validation'] },
] as const;

/** A digest of the method, so that results tell which code they are of: twelve hexadecimal digits. */
export function methodDigest(benchFolder: string): string {
  const hash = createHash('sha256');
  for (const { folder, names } of parts) {
    const files = readdirSync(join(benchFolder, folder)).sort();
    for (const file of files.filter(name => names.some(start => name.startsWith(start)))) {
      hash.update(`${folder}/${file}\n`).update(readFileSync(join(benchFolder, folder, file)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}
