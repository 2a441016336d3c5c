import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CheckRepository } from './check-repository.ts';
import { fatesIn, subjectIn, validCheckReport } from './valid-check-report.ts';

const repository = new CheckRepository();

// Each run makes two builds and starts some hundred processes; a busy machine takes its time.
vi.setConfig({ testTimeout: 300_000 });

beforeAll(() => repository.write('bench/wrong suites/wrong.ts', wrongSuite));
afterAll(() => repository[Symbol.dispose]());

// At once: none goes by the machine's clock, and all leave alone what is checked out.
describe.concurrent('pnpm bench:check', () => {
  it('is green where nothing got slower, and writes nothing but JSON to standard output when it is asked to', async () => {
    const args = ['--base', 'before', '--json', '-', 'steady', 'faster'];
    const { code, stdout, stderr, left } = await repository.run(...args);
    expect(stdout, stderr).not.toBe('');
    const report = validCheckReport(stdout);
    expect(fatesIn(report)).toEqual({ 'sample/steady': 'unchanged', 'sample/faster': 'improvement' });
    expect(report.outcome).toMatchObject({ verdict: 'ok', exitCode: 0, why: ['Nothing got slower'] });
    expect(code).toBe(0);
    expect(stderr).not.toContain('\u001b');
    expect(left).toEqual([]);
  });

  it('is not green where a bench throws or does no work, whatever else got slower', async () => {
    const json = repository.path('wrong.json');
    const suites = join(repository.root, 'bench/wrong suites');
    const { code, stdout } = await repository.run('--base', 'before', '--json', json, '--suites', suites);
    const report = validCheckReport(readFileSync(json, 'utf8'));
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

  it('is neither red nor green where the canary is not caught, and names what got slower', async () => {
    const environment = { QUORATE_TEST_BLIND: '1' };
    const { ended } = repository.start(['--base', 'before', 'slower'], { environment });
    const { code, stdout } = await ended;
    expect(code).toBe(2);
    expect(stdout).toMatch(/^INCONCLUSIVE: What is known did not come out as it is/);
    expect(stdout).toContain('sample/slower · @quorate/sample, time: +50 % ');
  });

  it('is not green where nothing could be compared', async () => {
    const { code, stdout } = await repository.run('--base', 'before', 'other result', 'new function');
    expect(code).toBe(2);
    expect(stdout).toMatch(/^INCONCLUSIVE: Nothing could be compared\n {2}sample\/other result/);
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
