import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@quorate/core';
import { afterAll, describe, expect, it } from 'vitest';
import { importSuite } from '../src/discover.ts';
import { appendResult, readResults } from '../src/validate/results-file.ts';
import { drawChange, validationSubjects } from '../src/validate/validation-subjects.ts';
import { gateRule } from './simulated-decisions.ts';
import { runOf } from './validation-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-validation-results-test-'));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true }));

const file = (): string => join(folder, 'made', `${files++}.jsonl`);
const seeds = (path: string): number[] => readResults(path).map(({ seed }) => seed);

describe('the results file', () => {
  it('is none at first, and has a line for each run', () => {
    const path = file();
    expect(readResults(path)).toEqual([]);
    for (const seed of [1, 2, 3]) appendResult(path, runOf({ seed }));
    expect(readResults(path)).toEqual([1, 2, 3].map(seed => runOf({ seed })));
    expect(readFileSync(path, 'utf8').match(/\n/g)).toHaveLength(3);
  });

  it('loses nothing but a line that was cut off, wherever', () => {
    const path = file();
    for (const seed of [1, 2]) appendResult(path, runOf({ seed }));
    const whole = readFileSync(path);
    const second = whole.indexOf('\n') + 1;
    for (let length = second; length < whole.length - 1; length += 37) {
      writeFileSync(path, whole);
      truncateSync(path, length);
      expect(seeds(path)).toEqual([1]);
      appendResult(path, runOf({ seed: 3 }));
      expect(seeds(path)).toEqual([1, 3]);
      appendResult(path, runOf({ seed: 4 }));
      expect(seeds(path)).toEqual([1, 3, 4]);
    }
  });

  it('keeps a run of which only the end of the line was cut off', () => {
    const path = file();
    appendResult(path, runOf({ seed: 1 }));
    truncateSync(path, readFileSync(path).length - 1);
    appendResult(path, runOf({ seed: 2 }));
    expect(seeds(path)).toEqual([1, 2]);
  });

  it('passes over what is no run', () => {
    const path = file();
    appendResult(path, runOf({ seed: 1 }));
    appendFileSync(
      path,
      'null\n5\n"text"\n{"schema":"another/1","seed":9}\n{"schema":"quorate-bench-validation/1","seed":8}\n\n[]\n',
    );
    appendResult(path, runOf({ seed: 2 }));
    expect(seeds(path)).toEqual([1, 2]);
  });
});

describe('drawChange', () => {
  it('draws +5 % for three benches in twenty, +10 % for three, -5 % for one, and nothing for the rest', () => {
    const random = seededRandom('changes');
    const counts = new Map<number, number>();
    for (let draw = 0; draw < 10_000; draw++) {
      const percent = drawChange(random);
      counts.set(percent, (counts.get(percent) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-5, 0, 5, 10]);
    for (const [percent, share] of [
      [5, 0.15],
      [10, 0.15],
      [-5, 0.05],
      [0, 0.65],
    ] as const) {
      expect(Math.abs((counts.get(percent) ?? 0) / 10_000 - share)).toBeLessThan(0.015);
    }
  });
});

describe('validationSubjects', () => {
  it('are all benches of the suite; what is faster in head is slower in base', async () => {
    const found = await importSuite(new URL('../suites/validation.ts', import.meta.url).href);
    const changes = [0, 5, 10, -5];
    let at = 0;
    const subjects = validationSubjects(found, gateRule, () => changes[at++ % 4] as number);
    expect(subjects).toHaveLength(found.suite.benches.length);
    expect(subjects.length).toBeGreaterThanOrEqual(20);
    expect(new Set(subjects.map(({ subject }) => subject.name)).size).toBe(subjects.length);
    expect(subjects.slice(0, 4).map(({ percent, subject }) => [percent, subject.armParams])).toEqual([
      [0, { base: { slowdown: 0 }, head: { slowdown: 0 } }],
      [5, { base: { slowdown: 0 }, head: { slowdown: 5 } }],
      [10, { base: { slowdown: 0 }, head: { slowdown: 10 } }],
      [-5, { base: { slowdown: 5 }, head: { slowdown: 0 } }],
    ]);
    // A name must not tell the change: what is drawn for the bootstrap hangs on it.
    for (const { subject } of subjects) {
      expect(subject.name).toMatch(/ · slowdown=0$/);
      expect(subject.rule).toBe(gateRule);
      expect(subject).not.toHaveProperty('truth');
    }
  });
});
