import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { methodDigest } from '../src/validate/method-digest.ts';

const own = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'quorate-method-digest-test-'));
for (const part of ['src', 'suites']) cpSync(join(own, part), join(folder, part), { recursive: true });
const digest = methodDigest(folder);

afterAll(() => rmSync(folder, { recursive: true }));

/** The digest with one byte more in a file. */
function changed(file: string): string {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, `${text}\n`);
  const result = methodDigest(folder);
  writeFileSync(path, text);
  return result;
}

describe('methodDigest', () => {
  it('is twelve hexadecimal digits, the same for the same code wherever it lies', () => {
    expect(digest).toMatch(/^[0-9a-f]{12}$/);
    expect(methodDigest(folder)).toBe(digest);
    expect(methodDigest(own)).toBe(digest);
  });

  it.each([
    'src/measure/account.ts',
    'src/measure/child.ts',
    'src/measure/chunk.ts',
    'src/measure/settle.ts',
    'src/measure/worker.ts',
    'src/statistics/bootstrap.ts',
    'src/statistics/decide.ts',
    'src/statistics/exchange-test.ts',
    'src/statistics/holm.ts',
    'src/statistics/quantile.ts',
    'src/statistics/shift.ts',
    'src/check/check-profile.ts',
    'src/check/guards.ts',
    'src/check/judge-metrics.ts',
    'src/check/measure-subjects.ts',
    'src/check/metrics.ts',
    'src/check/outcome.ts',
    'src/check/subject-report.ts',
    'src/check/subject-run.ts',
    'src/kernels/canary-lookup.ts',
    'src/kernels/slowed-work.ts',
    'src/kernels/validation-maps.ts',
    'src/kernels/validation-words.ts',
    'suites/canary.ts',
    'suites/validation.ts',
  ])('is another one when %s changes', file => {
    expect(changed(file)).not.toBe(digest);
  });

  it.each([
    'src/check/compare-builds.ts',
    'src/check/report/check-table.ts',
    'src/html/check/check-page.ts',
    'src/kernels/ring-moves.ts',
    'src/statistics/hodges-lehmann.ts',
    'src/statistics/paired-ratio.ts',
    'src/validate/summary.ts',
    'suites/ring.ts',
  ])('stays when %s changes, which neither measures nor decides', file => {
    expect(changed(file)).toBe(digest);
  });

  it('is another one when a file is renamed', () => {
    const path = join(folder, 'src/measure/latency.ts');
    renameSync(path, join(folder, 'src/measure/latencies.ts'));
    expect(methodDigest(folder)).not.toBe(digest);
    renameSync(join(folder, 'src/measure/latencies.ts'), path);
    expect(methodDigest(folder)).toBe(digest);
  });
});
