import { describe, expect, it } from 'vitest';
import { Progress } from '../src/cli/progress.ts';
import { renderPage } from '../src/html/page.ts';
import { amountScale, logScale } from '../src/html/scale.ts';
import {
  digits,
  formatBytes,
  formatNs,
  formatRate,
  formatRatio,
  formatRatioInterval,
} from '../src/report/format.ts';
import type { Report } from '../src/report/report.ts';
import { summarize } from '../src/report/summarize.ts';
import { renderTable } from '../src/report/table.ts';
import type { Bench } from '../src/suite.ts';
import { anyKernel, chunks, contestOf, environment, outcomeOf, sampleOf, windowOf } from './outcomes.ts';

const hostile = '<img alt=x onerror="1">';
const compared: Bench = {
  name: 'look up',
  about: 'of <keys> & "values"',
  contenders: { ours: anyKernel, [hostile]: anyKernel, broken: anyKernel },
  goals: [{ of: 'ours', to: hostile, atMost: 0.5 }],
};
const scaled: Bench = {
  name: 'scaled',
  threads: [1, 2],
  contenders: { ours: anyKernel, control: anyKernel },
  controls: ['control'],
  goals: [{ of: 'ours', threads: 2, atLeast: 1.8, control: 'control' }],
};

function madeUp(): Report {
  const first = outcomeOf(contestOf(compared), [chunks(30, 31, 32), chunks(10, 11, 12), []]);
  const failing = {
    ...first,
    rows: first.rows.map((row, index) => (index === 2 ? { ...row, failure: 'It <broke>' } : row)),
  };
  const rows = ['ours', 'control'].flatMap(contender => [1, 2].map(threads => ({ contender, threads })));
  const at = (ns: number) => [1, 2].map(() => sampleOf({ groupWindows: [windowOf(ns, 0.95)] }));
  const second = outcomeOf(contestOf(scaled, rows), [at(10), at(8), at(5), at(4)]);
  return summarize([failing, second], [{ name: 'suite', about: 'made up' }], environment);
}

describe('renderTable', () => {
  const text = renderTable(madeUp(), false);

  it('is plain where there are no colours, coloured where there are', () => {
    expect(text).not.toContain('\u001b');
    expect(renderTable(madeUp(), true)).toContain('\u001b[');
  });

  it('says so when a peer is faster', () => {
    expect(text).toContain(`${hostile} is 2.82x faster than ours in look up [2.67, 3.00]`);
  });

  it('shows goals beside what was measured', () => {
    expect(text).toContain(`goal: ours / ${hostile} ≤ 0.50, measured 2.82 [2.67, 3.00]: missed`);
    expect(text).toContain(
      'goal: ours on 2 threads / ours on 1 thread ≥ 1.8x: inconclusive (the control itself scales 1.25x',
    );
  });

  it('shows what failed, and how far threads overlapped', () => {
    expect(text).toContain('failed: broken: It <broke>');
    expect(text).toContain('ours, 2 threads: threads overlapped 95 % or more, 0 windows rejected');
    expect(text).toContain('ours on 2 threads: 1.25x [1.25, 1.25] the rate of ours on 1 thread');
  });
});

describe('renderPage', () => {
  const page = renderPage(madeUp());

  it('needs nothing from anywhere', () => {
    expect(page).not.toMatch(/https?:|\/\/[a-z]|<link|@import|url\(|\bsrc=/i);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page).toContain('prefers-color-scheme: dark');
  });

  it('has bars, ratios with their goal, scaling, and samples in order', () => {
    expect(page.match(/class="bar"/g)).toHaveLength(6);
    expect(page).toContain('class="goal-line"');
    expect(page).toContain('aria-label="Scaling: ours on 2 threads 1.25 times');
    expect(page).toContain('Samples in the order they were taken: 6 processes in 3 rounds');
    expect(page).toContain('Goals: 0 of 2 met');
  });

  it('shows names as text', () => {
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;img');
    expect(page).toContain('of &lt;keys&gt; &amp; &quot;values&quot;');
    expect(page).toContain('A &lt;fast&gt; one');
    expect(page).toContain('broken: failed: It &lt;broke&gt;');
  });

  it('is well-formed, and no number in it is none', () => {
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    const open: string[] = [];
    for (const [, close, name, rest] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|[^">])*)>/gi)) {
      if (name === undefined || name === 'meta' || rest?.endsWith('/')) continue;
      if (close === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });
});

describe('scales', () => {
  it('start at zero where values are of one size, and are logarithmic else', () => {
    const near = amountScale([5, 10], 0, 100);
    expect([near.place(0), near.place(10), near.logarithmic]).toEqual([0, 100, false]);
    expect(near.ticks).toEqual([0, 5, 10]);
    const far = amountScale([1, 1000], 0, 100);
    expect([far.place(0.5), far.place(1000), far.logarithmic]).toEqual([0, 100, true]);
  });

  it('mark values within them', () => {
    for (const [least, most] of [
      [0.03, 2],
      [0.93, 1.2],
      [1e-3, 1e3],
      [0.4, 1.3],
    ] as const) {
      const { ticks } = logScale(least, most, 0, 1);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(9);
      expect(ticks.filter(tick => tick < least || tick > most)).toEqual([]);
      expect(ticks).toEqual([...ticks].sort((a, b) => a - b));
    }
  });
});

describe('formats', () => {
  it('have three significant digits and a unit', () => {
    expect([0.5, 59.74, 1234, 2_345_678, 3e9].map(formatNs)).toEqual([
      '0.50 ns',
      '59.7 ns',
      '1.23 µs',
      '2.35 ms',
      '3 s',
    ]);
    expect([16_745_000, 425_300, 87.25].map(formatRate)).toEqual(['16.7 M/s', '425 k/s', '87.3 /s']);
    expect([100, 405_504, 2_380_000].map(formatBytes)).toEqual(['100 B', '396 KiB', '2.27 MiB']);
    expect([1234.5, 100, 7, 0.12345].map(digits)).toEqual(['1,235', '100', '7', '0.12']);
  });

  it('write small ratios as fractions, and an interval like its ratio', () => {
    expect([1 / 20, 1 / 26.49, 0.55, 2].map(formatRatio)).toEqual(['1/20', '1/26.5', '0.55', '2']);
    expect(formatRatioInterval({ ratio: 1 / 5.5, lo: 1 / 6, hi: 1 / 4 })).toBe('1/5.50 [1/6, 1/4]');
  });
});

describe('Progress', () => {
  function written(isTTY: boolean): string {
    let text = '';
    let nowMs = 0;
    const stream = { isTTY, columns: 60, write: (part: string) => void (text += part) };
    const progress = new Progress(stream, 6, () => nowMs);
    for (let sample = 0; sample < 3; sample++) {
      nowMs += 2000;
      progress.sample('suite/look up ours');
    }
    progress.contest(outcomeOf(contestOf(compared), []));
    progress.end();
    return text;
  }

  it('redraws one line on a terminal, no longer than the terminal is wide, and clears it', () => {
    const lines = written(true).split('\r\u001b[K');
    expect(lines.at(-2)).toMatch(/█{12}░{12} 3\/6 6 s left suite/);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThan(60);
    expect(lines.at(-1)).toBe('');
    expect(written(true)).not.toContain('\n');
  });

  it('writes a plain line for each bench in a pipe', () => {
    expect(written(false)).toBe('3/6 suite/look up nodes=3\n');
  });
});
