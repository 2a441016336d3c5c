import { mkdirSync, readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keepRegression, loadRegressions } from '../../src/host/replay-regressions.ts';
import {
  parseRegression,
  problemOf,
  type Regression,
  regressionOf,
  runOptionsOf,
} from '../../src/host/runner/regression.ts';
import { outcomeOf } from '../../src/host/runner/seed-outcome.ts';
import { fakeRun } from './fake-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-regressions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = "export default { name: 'fake', summary: '', nodes: ['a'], node() {} };\n";
const options = { seed: 3, without: ['loss#1', 'loss#2', 'net'], safetyMs: 900, earlierMs: 20 };
const run = fakeRun({ names: [], fails: seed => (seed === 3 ? 'broken' : undefined) });

async function found(): Promise<Regression> {
  return regressionOf('fake', options, outcomeOf(await run(options)));
}

describe('regressions', () => {
  test('what is kept replays to the same trace', async () => {
    const own = join(folder, 'same');
    mkdirSync(own);
    writeFileSync(join(own, 'fake.js'), module);
    const file = keepRegression(own, await found());
    expect(file).toBe(join(own, 'regressions', 'fake-3.json'));
    const seen: unknown[] = [];
    const [kept, ...more] = await loadRegressions(own, {
      simulate: async (scenario, given) => {
        seen.push([scenario.name, given]);
        return run(given);
      },
    });
    expect([kept?.name, more]).toEqual(['fake-3', []]);
    const outcome = await kept?.replay();
    expect(outcome).toMatchObject({ isSameTrace: true });
    expect(outcome?.problem).toBeUndefined();
    expect(seen).toEqual([['fake', { ...options, without: ['loss#1', 'loss#2', 'net'] }]]);
  });

  test('a folder without any has none', async () => {
    expect(await loadRegressions(join(folder, 'nowhere'))).toEqual([]);
  });

  test('one that ends otherwise says what to do', async () => {
    const regression = await found();
    expect(problemOf(regression, outcomeOf(await run({ seed: 4 })))).toBe(
      'Seed 3 of fake must end as violation by broken: received ok; where it was mended, expect { "verdict": "ok" } from now on',
    );
    const other = fakeRun({ names: [], fails: () => 'other' });
    expect(problemOf(regression, outcomeOf(await other(options)))).toContain(
      'received violation by other: It broke other',
    );
    const mended: Regression = { ...regression, expect: { verdict: 'ok' } };
    expect(problemOf(mended, outcomeOf(await run({ seed: 4 })))).toBeUndefined();
    expect(problemOf(mended, outcomeOf(await run(options)))).toContain(
      'must end as ok: received violation by broken',
    );
  });

  test('is read back as it was written', async () => {
    const regression = await found();
    const read = parseRegression(JSON.stringify(regression), 'a.json');
    expect(runOptionsOf(read)).toEqual({ ...options, without: expect.arrayContaining(options.without) });
  });

  test('one that was kept before stays as it is, and another failure of the seed goes beside it', async () => {
    const own = join(folder, 'twice');
    const regression = await found();
    const file = keepRegression(own, regression);
    const mended = JSON.stringify({ ...regression, expect: { verdict: 'ok' } });
    writeFileSync(file, mended);
    expect(keepRegression(own, regression)).toBe(file);
    expect(readFileSync(file, 'utf8')).toBe(mended);
    const other = keepRegression(own, { ...regression, without: {} });
    expect(other).toBe(file.replace(/\.json$/, '-2.json'));
    expect(keepRegression(own, { ...regression, without: {} })).toBe(other);
  });

  test.each([
    ['{', 'must be JSON'],
    ['null', '"schema" must be'],
    [
      '{ "schema": "quorate-sim-regression/1", "scenario": "a", "seed": "1" }',
      '"seed" must be an integer; "expect"',
    ],
  ])('%s is refused', (text, message) => {
    expect(() => parseRegression(text, 'a.json')).toThrow(RangeError);
    expect(() => parseRegression(text, 'a.json')).toThrow(message);
  });

  test('one of a scenario that is gone is refused', async () => {
    const own = join(folder, 'gone');
    mkdirSync(own);
    writeFileSync(join(own, 'other.js'), module.replace("'fake'", "'other'"));
    keepRegression(own, await found());
    await expect(loadRegressions(own)).rejects.toThrow(
      'Regression fake-3.json must name a scenario: received "fake"',
    );
  });
});
