import { describe, expect, it } from 'vitest';
import { renderCheckTable } from '../src/check/report/check-table.ts';
import { formatBase, formatChange, formatDuration, formatMetricValue } from '../src/check/report/figures.ts';
import { type MadeSubject, reportOf, soundCanaries } from './check-reports.ts';

const escape = '\u001b';
const subjects: readonly MadeSubject[] = [
  ...soundCanaries,
  { name: 'ring/lookup', params: { nodes: 100 }, base: 60, change: 0.06, bytes: { base: 0.2 } },
  { name: 'ring/build', base: 2e6, change: -0.1, noise: 0, bytes: { base: 4e5 } },
  { name: 'ring/grown', base: 2e6, noise: 0, bytes: { base: 4e5, change: 0.4 } },
  { name: 'ring/quiet', base: 50, noise: 0, bytes: { base: 12 }, collections: { base: 1e-5 } },
  { name: 'ring/renamed', noise: 0, presence: 'new' },
  { name: 'threads/mutex', threads: 2, neverOverlaps: true },
  { name: 'core/varint', throws: { arm: 'base', message: 'No export named "varint"' } },
  { name: 'core/broken', throws: { arm: 'head', message: 'It broke\nin two lines' } },
];
const report = await reportOf(subjects, {
  gone: ['ring/old name'],
  leftOut: [{ name: 'ring/moves', why: 'it is a count' }],
  notes: ['The history could not be read'],
  head: { commit: 'a'.repeat(40), dirty: true },
});
const text = renderCheckTable(report, false);

/** The lines below a title, up to the next empty one. */
function under(title: string, table = text): string[] {
  const lines = table.split('\n');
  const start = lines.findIndex(line => line.startsWith(title));
  return start === -1 ? [] : lines.slice(start + 1, lines.indexOf('', start));
}

describe('renderCheckTable', () => {
  it('is plain where there are no colours, and says the same with them', () => {
    expect(text).not.toContain(escape);
    const coloured = renderCheckTable(report, true);
    expect(coloured).toContain(`${escape}[31m`);
    // oxlint-disable-next-line no-control-regex -- they are what is taken out
    expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(text);
  });

  it('begins with the answer, all its reasons and the two builds', () => {
    const [first, second, third, fourth] = text.split('\n');
    expect(first).toBe('FAILED: core/broken · @quorate/ring: It broke');
    expect(second).toBe('    in two lines');
    expect(third).toContain('ring/lookup · @quorate/ring · nodes=100, time: +6.');
    expect(fourth).toContain('ring/grown · @quorate/ring, bytes: +40 % in 16 fresh pairs as well');
    expect(text).toContain(
      'head aaaaaaaaaa with changes against base origin/main (bbbbbbbbbb): 1 failed, 2 regressions,',
    );
  });

  it('shows what moved with figures and why, and of the rest of a subject nothing but its time', () => {
    const moved = under('Moved or unsure').map(line => line.replace(/ +/g, ' '));
    expect(moved).toEqual([
      ' ring/lookup · @quorate/ring · nodes=100',
      expect.stringMatching(
        /^ time (59|60)\.\d ns → 63\.\d ns \+[56]\.\d % \[\+[56]\.\d %, \+6\.\d %\] 16 fresh pairs regression$/,
      ),
      expect.stringContaining('fresh pairs as well'),
      ' ring/grown · @quorate/ring',
      ' time 2 ms → 2 ms +0.00 % [+0.00 %, +0.00 %] 16 fresh pairs unchanged',
      ' bytes 391 KiB → 547 KiB +40 % [+40 %, +40 %] 16 fresh pairs regression',
      expect.stringContaining('+40 % in 16 fresh pairs as well'),
      ' ring/build · @quorate/ring',
      ' time 2 ms → 1.80 ms -10 % [-10 %, -10 %] 8 pairs improvement',
      ' -10 %, and surely less than before',
    ]);
  });

  it('has a line for each subject that did not move', () => {
    expect(under('Unchanged: 2').map(line => line.replace(/ +/g, ' '))).toEqual([
      ' ring/quiet · @quorate/ring 50 ns → 50 ns +0.00 % [+0.00 %, +0.00 %] 8 pairs',
      ' ring/renamed · @quorate/ring (new) 100 ns → 100 ns +0.00 % [+0.00 %, +0.00 %] 8 pairs',
    ]);
  });

  it('says what was not compared, and why', () => {
    expect(under('Not compared')).toEqual([
      '  failed        core/broken · @quorate/ring: It broke',
      '    in two lines',
      '  unmeasured    threads/mutex · @quorate/ring · 2 threads: its 2 threads ran at once in none of 24 pairs of processes',
      '  incomparable  core/varint · @quorate/ring: Base cannot run it: No export named "varint"',
      "  new           ring/renamed · @quorate/ring: base's suites do not have it",
      "  gone          ring/old name: head's suites do not have it",
      '  left out      ring/moves: it is a count',
    ]);
  });

  it('shows the canaries with what was found, the notes, and what the run depended on', () => {
    expect(under('Canaries')).toEqual([
      expect.stringMatching(
        /^ {2}passed {8}canary\/lookup .*slowdown=0: identical .*, and is \(time [+-]0\.\d+ % \[/,
      ),
      expect.stringMatching(
        /^ {2}passed {8}canary\/lookup .*slowdown=5: \+5\.0 % must be caught, and is \(time \+\d/,
      ),
    ]);
    expect(under('Notes')).toEqual(['  The history could not be read']);
    expect(text).toContain('A <fast> one, 2 cores, load 0.5 to 1.3; Linux 6 x64, Node v26.0.0, V8 14');
    expect(text).toContain(
      'gate (--predictable --hash-seed=1 --random-seed=1), seed 1, 100,000 keys from words',
    );
    expect(text).toContain(
      `${report.env.processes} processes in 2 min 3 s, of which 5 s for the two builds; budget 8 min`,
    );
    expect(text).not.toContain('busy');
  });

  it('gives long names a line of their own where there is no room beside the figures', () => {
    const narrow = under('Unchanged: 2', renderCheckTable(report, false, 80));
    expect(narrow).toHaveLength(4);
    expect(Math.max(...narrow.map(line => line.length))).toBeLessThanOrEqual(80);
    expect(narrow[2]).toBe('  ring/renamed · @quorate/ring (new)');
  });

  it('says that the machine was busy, and by which canary it was found out', async () => {
    const busy = await reportOf(
      [
        { ...(soundCanaries[1] as MadeSubject), change: 0 },
        { name: 'ring/quiet', noise: 0 },
      ],
      {
        env: { load: [1, 2.5] },
      },
    );
    const table = renderCheckTable(busy, false);
    expect(table).toMatch(/^INCONCLUSIVE: What is known did not come out as it is/);
    expect(under('Canaries', table)[0]).toMatch(/not passed {4}canary.*time is unchanged/);
    expect(table).toContain('The machine was busy with other things');
  });

  it('says once for a subject that there was no time for more pairs', async () => {
    const short = await reportOf(
      [{ name: 'ring/lookup', bytes: { base: 12 }, collections: { base: 1e-5 } }],
      {
        turns: 3,
      },
    );
    expect(short.subjects[0]?.metrics.map(({ verdict }) => verdict)).toEqual(Array(3).fill('inconclusive'));
    const lines = under('Moved or unsure', renderCheckTable(short, false));
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/^ {4}time .* 3 pairs {2}inconclusive$/);
  });

  it('bears a report with nothing in it', async () => {
    const table = renderCheckTable(await reportOf([]), false);
    expect(table).toMatch(/^INCONCLUSIVE: Nothing could be compared\n/);
    expect(table).toContain(': nothing to compare\n');
    expect(table).not.toMatch(/undefined|NaN|Moved|Canaries|Unchanged/);
  });
});

describe('figures', () => {
  it('are never a negative nothing, and show what is far below one', () => {
    expect([-1e-6, 0.05, -0.123, 2.4].map(formatChange)).toEqual(['+0.00 %', '+5.0 %', '-12 %', 'x3.4']);
    expect([0, 0.2, 12.6, 4096].map(value => formatMetricValue(value, 'bytes'))).toEqual([
      '0 B',
      '0.20 B',
      '13 B',
      '4 KiB',
    ]);
    expect([0, 1.234e-5, 0.0012, 0.5].map(value => formatMetricValue(value, 'count'))).toEqual([
      '0',
      '1.2e-5',
      '0.0012',
      '0.50',
    ]);
  });

  it('say durations as people do, and a commit once', () => {
    expect([350, 59_600, 125_000, 3500].map(formatDuration)).toEqual(['350 ms', '1 min', '2 min 5 s', '4 s']);
    expect(formatBase({ ref: 'bbbbbb', commit: 'b'.repeat(40) })).toBe('bbbbbbbbbb');
  });
});
