import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckReport } from '../src/check/check-report.ts';
import { appendHistory, historyBytesMax, readHistory } from '../src/check/history.ts';
import { historyRunOf } from '../src/check/history-run.ts';
import { reportOf, soundCanaries } from './check-reports.ts';

const folder = mkdtempSync(join(tmpdir(), 'quorate-bench-history-'));
const file = join(folder, 'history.jsonl');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(file, { force: true }));

const report = await reportOf([
  ...soundCanaries,
  { name: 'ring/lookup', change: -0.04 },
  { name: 'ring/memory', unit: 'bytes', base: 4096, noise: 0 },
  { name: 'core/broken', throws: { arm: 'head', message: 'It broke' } },
]);

function at(startedAt: string): CheckReport {
  return { ...report, env: { ...report.env, startedAt } };
}

/** The line of a run whose first subject is another. */
function withSubject(part: object): string {
  const run = historyRunOf(report);
  return JSON.stringify({ ...run, subjects: [{ ...run.subjects[0], ...part }] });
}

describe('history', () => {
  it('keeps of a run what plots need, and no canaries', () => {
    appendHistory(file, report);
    const { runs, notes } = readHistory(file);
    expect(notes).toEqual([]);
    expect(runs).toEqual([
      {
        schema: 'quorate-bench-history/1',
        startedAt: '2026-01-02T03:04:05.678Z',
        head: { commit: 'a'.repeat(40), dirty: false },
        base: { ref: 'origin/main', commit: 'b'.repeat(40) },
        verdict: 'failed',
        profile: 'gate',
        cpu: 'A <fast> one',
        cores: 2,
        node: 'v26.0.0',
        subjects: [
          {
            name: 'ring/lookup · @quorate/ring',
            unit: 'ns',
            base: report.subjects[2]?.metrics[0]?.base,
            head: report.subjects[2]?.metrics[0]?.head,
            change: {
              hl: expect.closeTo(-0.04, 2),
              lo: expect.closeTo(-0.04, 2),
              hi: expect.closeTo(-0.04, 2),
            },
            verdict: 'improvement',
          },
          {
            name: 'ring/memory · @quorate/ring',
            unit: 'bytes',
            base: 4096,
            head: 4096,
            change: { hl: 0, lo: 0, hi: 0 },
            verdict: 'unchanged',
          },
        ],
      },
    ]);
  });

  it('is empty where there is no file, and gives runs oldest first', () => {
    expect(readHistory(file)).toEqual({ runs: [], notes: [] });
    for (const day of ['03', '01', '02']) appendHistory(file, at(`2026-01-${day}T00:00:00.000Z`));
    expect(readHistory(file).runs.map(({ startedAt }) => startedAt.slice(8, 10))).toEqual(['01', '02', '03']);
  });

  it('skips a last line that was cut off anywhere, says so, and goes on after it', () => {
    appendHistory(file, report);
    const whole = readFileSync(file).length;
    appendHistory(file, report);
    const twice = readFileSync(file);
    for (let length = whole + 1; length < twice.length - 1; length += 97) {
      writeFileSync(file, twice.subarray(0, length));
      const cutOff = readHistory(file);
      expect(cutOff.runs).toEqual([historyRunOf(report)]);
      expect(cutOff.notes).toEqual(['Line 2 of 2 read from the history is no run and was skipped']);
    }
    // Without its line feed alone, the line is whole.
    writeFileSync(file, twice.subarray(0, twice.length - 1));
    expect(readHistory(file).runs).toHaveLength(2);
    truncateSync(file, whole + 7);
    appendHistory(file, report);
    expect(readHistory(file).runs).toEqual([historyRunOf(report), historyRunOf(report)]);
    expect(readHistory(file).notes).toEqual(['Line 2 of 3 read from the history is no run and was skipped']);
  });

  it.each([
    ['not JSON', 'no run'],
    ['null', 'null'],
    ['another schema', '{"schema":"quorate-bench-history/2"}'],
    ['no subjects', JSON.stringify({ ...historyRunOf(report), subjects: null })],
    ['a subject without a name', withSubject({ name: undefined })],
    ['a subject without a unit', withSubject({ unit: 'miles' })],
    ['a subject without its base', withSubject({ base: null })],
    ['a subject without its head', withSubject({ head: Infinity })],
    ['a subject without its change', withSubject({ change: { hl: 0, lo: 0 } })],
    ['a subject without its verdict', withSubject({ verdict: 'fine' })],
    ['no time', JSON.stringify({ ...historyRunOf(report), startedAt: 'yesterday' })],
    ['binary', '\0\ufffd\u0001'],
  ])('skips a damaged line in the middle: %s', (_, line) => {
    appendHistory(file, report);
    appendFileSync(file, `${line}\n`);
    appendHistory(file, report);
    const { runs, notes } = readHistory(file);
    expect(runs).toHaveLength(2);
    expect(notes).toEqual(['Line 2 of 3 read from the history is no run and was skipped']);
  });

  it('reads no more than the end of a long file', () => {
    const line = `${JSON.stringify(historyRunOf(report))}\n`;
    const bytes = Buffer.byteLength(line);
    writeFileSync(file, line.repeat(Math.ceil(historyBytesMax / bytes) + 3));
    const { runs, notes } = readHistory(file);
    expect(runs).toHaveLength(Math.floor(historyBytesMax / bytes));
    expect(notes).toEqual(['Only the last 16 MiB of the history were read']);
  });
});
