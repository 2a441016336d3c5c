import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { CheckRepository } from './check-repository.ts';
import { fatesIn, subjectIn, validCheckReport } from './valid-check-report.ts';

const repository = new CheckRepository();
const json = repository.path('report.json');

// Some hundred processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000 });

afterAll(() => repository[Symbol.dispose]());

describe('pnpm bench:check by the clock', () => {
  it('calls what takes twice as long a regression and what is the same none, however busy the machine is', async () => {
    for (const file of ['bench/suites/canary.ts', 'bench/src/kernels/canary-lookup.ts']) {
      cpSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), join(repository.root, file));
    }
    // A step is work now, and takes its time.
    repository.write('bench/src/kernels/stepped.ts', workingSource);
    const sample = readFileSync(join(repository.root, 'packages/sample/src/index.ts'), 'utf8');
    repository.write(
      'packages/sample/src/index.ts',
      sample.replace('slower = work(150, 1)', 'slower = work(200, 1)'),
    );
    const args = ['--base', 'before', '--min-effect', '25%', '--json', json, 'steady', 'slower'];
    const { code, stdout, left } = await repository.run(...args);
    const report = validCheckReport(readFileSync(json, 'utf8'));
    expect(fatesIn(report)['sample/slower']).toBe('regression');
    const [time] = subjectIn(report, 'sample/slower').metrics;
    expect(time?.estimate.hl).toBeGreaterThan(0.5);
    expect(['unchanged', 'possible', 'inconclusive']).toContain(fatesIn(report)['sample/steady']);
    expect(report.outcome.canaries).toHaveLength(2);
    // Where the canaries show that the machine was too busy, it is named all the same.
    expect([1, 2]).toContain(code);
    expect(code).toBe(report.outcome.exitCode);
    expect(stdout).toMatch(/sample\/slower · @quorate\/sample, time: (?:\+|x)/);
    expect(left).toEqual([]);
  });
});

const workingSource = `import type { Kernel } from '../suite.ts';

export function stepped(work: (step: () => void) => number): Kernel {
  let state = 1;
  const step = (): void => {
    for (let round = 0; round < 8; round++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
  };
  return {
    ops: 100,
    run() {
      state = 1;
      let sum = 0;
      for (let op = 0; op < 100; op++) sum += work(step);
      // That the steps were taken can be seen, and not how many: builds may differ in that.
      return state === 1 ? 0 : sum;
    },
  };
}
`;
