import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type { CheckReport } from '../src/check/check-report.ts';
import { CheckRepository } from './check-repository.ts';
import { fatesIn, subjectIn, validCheckReport } from './valid-check-report.ts';

const repository = new CheckRepository();
const json = repository.path('report.json');
const html = repository.path('report.html');
const summary = repository.path('summary.md');
const history = repository.path('history.jsonl');

// Each run makes two builds and starts some hundred processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000 });

afterAll(() => repository[Symbol.dispose]());

const readReport = (file: string): CheckReport => validCheckReport(readFileSync(file, 'utf8'));

describe('pnpm bench:check', () => {
  it('compares what is checked out with the base, bench by bench, and says what became of each', async () => {
    repository.editHead();
    const files = ['--json', json, '--html', html, '--summary', summary, '--history', history];
    const { ended, says } = repository.start(['--base', 'before', ...files]);
    await says('pairs\n');
    // Whoever goes on working must not change what is measured.
    for (const file of [
      'packages/sample/src/index.ts',
      'bench/suites/sample.ts',
      'bench/src/kernels/stepped.ts',
    ]) {
      repository.write(file, "throw new Error('This was written while the check ran');\n");
    }
    const { code, stdout, left } = await ended;
    const report = readReport(json);
    expect(fatesIn(report)).toEqual({
      'sample/steady': 'unchanged',
      'sample/slower': 'regression',
      'sample/faster': 'improvement',
      'sample/other result': 'incomparable',
      'sample/new name': 'unchanged',
      'sample/new function': 'incomparable',
      'young/newborn': 'incomparable',
    });
    expect(code).toBe(1);
    expect(report.outcome).toMatchObject({ verdict: 'regression', exitCode: 1 });
    expect(report.outcome.canaries.map(({ passed }) => passed)).toEqual([true, true]);
    expect(report.base).toEqual({ ref: 'before', commit: repository.git('rev-parse', 'before') });
    // Half of it is committed and half is not: both are what is checked out.
    expect(report.head).toEqual({ commit: repository.git('rev-parse', 'HEAD'), dirty: true });
    expect(subjectIn(report, 'sample/slower').metrics[0]?.estimate.hl).toBeCloseTo(0.4, 3);
    expect(stdout).toMatch(/^REGRESSION: sample\/slower · @quorate\/sample, time: \+40 % /);
    expect({ left, worktrees: repository.worktrees() }).toEqual({ left: [], worktrees: [] });
  });

  it('names what it could not compare and why, in every form of its report', () => {
    const report = readReport(json);
    const why = (name: string): string | undefined => subjectIn(report, name).why;
    expect(why('sample/other result')).toBe(
      'Base computes something else: its checksum is 100, in the pilot it was 200',
    );
    expect(why('sample/new function')).toMatch(/before \(.{10}\) has no "added" in @quorate\/sample$/);
    expect(why('young/newborn')).toMatch(/before \(.{10}\) has no "newborn" in @quorate\/young$/);
    expect(report.gone).toEqual(['sample/deleted · @quorate/sample', 'sample/old name · @quorate/sample']);
    const added = report.subjects.filter(({ presence }) => presence === 'new').map(({ bench }) => bench);
    expect(added).toEqual(['new name', 'new function', 'newborn']);
    for (const file of [html, summary]) {
      const text = readFileSync(file, 'utf8');
      for (const name of ['deleted', 'old name', 'new name', 'new function', 'newborn', 'other result']) {
        expect(text, `${name} in ${file}`).toContain(name);
      }
    }
    expect(readFileSync(history, 'utf8').trim().split('\n')).toHaveLength(1);
  });

  it('reaches the same verdicts from its report alone, and others by another least effect', async () => {
    const again = repository.path('again.json');
    const same = await repository.run('--from', json, '--json', again);
    expect(readReport(again)).toEqual(readReport(json));
    expect(same.code).toBe(1);
    expect(same.stderr).toBe('');
    const wider = await repository.run('--from', json, '--json', '-', '--min-effect', '50%');
    const report = validCheckReport(wider.stdout);
    expect(fatesIn(report)).toMatchObject({
      'sample/slower': 'possible',
      'sample/faster': 'unchanged',
      'sample/other result': 'incomparable',
    });
    expect(report.outcome.verdict).not.toBe('regression');
    expect(wider.code).toBe(report.outcome.exitCode);
  });
});
