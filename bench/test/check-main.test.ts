import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
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

beforeEach(() => repository.restore());
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
    expect(stdout).toMatch(/^REGRESSION: sample\/slower · @quorate\/sample, time: \+40 % in 16 fresh pairs/);
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
    expect([report.outcome.verdict, wider.code]).toEqual(['ok', 0]);
  });

  it('is green where nothing got slower, and writes nothing but JSON to standard output when it is asked to', async () => {
    const { code, stdout, stderr, left } = await repository.run(
      '--base',
      'before',
      '--json',
      '-',
      'steady',
      'faster',
    );
    const report = validCheckReport(stdout);
    expect(fatesIn(report)).toEqual({ 'sample/steady': 'unchanged', 'sample/faster': 'improvement' });
    expect(report.outcome).toMatchObject({ verdict: 'ok', exitCode: 0, why: ['Nothing got slower'] });
    expect(report.head).toEqual({ commit: repository.git('rev-parse', 'HEAD'), dirty: false });
    expect(code).toBe(0);
    expect(stderr).not.toContain('\u001b');
    expect({ left, worktrees: repository.worktrees() }).toEqual({ left: [], worktrees: [] });
  });

  it('is not green where a bench throws or does no work, whatever else got slower', async () => {
    const wrong = repository.path('wrong.json');
    const suites = join(repository.root, 'bench/wrong suites');
    repository.write('bench/wrong suites/wrong.ts', wrongSuite);
    const { code, stdout } = await repository.run('--base', 'before', '--json', wrong, '--suites', suites);
    const report = readReport(wrong);
    expect(fatesIn(report)).toEqual({
      'wrong/slower': 'regression',
      'wrong/throws': 'failed',
      'wrong/dead': 'failed',
    });
    expect(subjectIn(report, 'wrong/throws').why).toContain('It cannot be set up');
    expect(subjectIn(report, 'wrong/dead').why).toContain('its work was optimised away');
    expect(code).toBe(3);
    expect(report.outcome).toMatchObject({ verdict: 'failed', exitCode: 3 });
    expect(stdout).toMatch(/^FAILED: wrong\/throws · @quorate\/sample: It cannot be set up/);
    expect(stdout).toContain('wrong/slower');
  });

  it('is neither red nor green where the canary is not caught, or nothing could be compared', async () => {
    // A machine on which what is slower does not show.
    const canary = readFileSync(join(repository.root, 'bench/suites/canary.ts'), 'utf8');
    repository.write('bench/suites/canary.ts', canary.replace("context.number('slowdown')", '0'));
    const { code, stdout } = await repository.run('--base', 'before', 'slower', 'other result');
    expect(code).toBe(2);
    expect(stdout).toMatch(/^INCONCLUSIVE: What is known did not come out as it is/);
    expect(stdout).toContain('sample/slower · @quorate/sample, time: +50 % in 16 fresh pairs as well');
    repository.restore();

    const nothing = await repository.run('--base', 'before', 'other result', 'new function');
    expect(nothing.code).toBe(2);
    expect(nothing.stdout).toMatch(/^INCONCLUSIVE: Nothing could be compared\n {2}sample\/other result/);
  });
});

const wrongSuite = `import { slower } from '@quorate/sample';
import { stepped } from '../src/kernels/stepped.ts';

const contenders = (made: () => unknown) => ({ '@quorate/sample': made });
export default {
  name: 'wrong',
  about: 'One bench that is as it must be, and others.',
  benches: [
    { name: 'slower', contenders: contenders(() => stepped(slower)) },
    { name: 'throws', contenders: contenders(() => { throw new Error('It cannot be set up'); }) },
    { name: 'dead', contenders: contenders(() => ({ ops: 1e9, run: () => 1 })) },
  ],
};
`;
