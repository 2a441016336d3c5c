import { ManualClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { count, percent, percentCell, ratio } from '../src/output/figures.ts';
import { paint } from '../src/output/paint.ts';
import { clipped, printable, widthOf } from '../src/output/printable.ts';
import { tableLines } from '../src/output/table.ts';
import { Folder, keyLines, runHere } from './run-command.ts';

const escape = '\u001b[';

describe('looks', () => {
  async function run(
    options: Parameters<typeof runHere>[1],
    args: readonly string[] = ['-a', 'ring,maglev'],
  ) {
    using folder = new Folder();
    const file = folder.write('nodes.json', ['a', 'b', 'c']);
    return await runHere(['ring', 'analyze', '-n', file, ...args], { input: keyLines(1000), ...options });
  }

  test('piped: no escape, no bars, no hint, nothing on stderr', async () => {
    const { stdout, stderr } = await run({});
    expect(stdout).not.toContain(escape);
    expect(stdout).not.toMatch(/[▁-█]/);
    expect(stderr).toBe('');
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('1,000 distinct keys on 3 nodes');
    expect(lines).toContain('algorithm  max/avg  min/avg  deviation');
    expect(lines.some(line => /^"c" leaves: 33\.33% of the keys have to move$/.test(line))).toBe(true);
    for (const line of lines) expect(line, 'no space at the end').toBe(line.trimEnd());
  });

  test('on a terminal: colours, a bar for each node, a hint what to try next on stderr', async () => {
    const { stdout, stderr } = await run({ terminal: true });
    expect(stdout).toContain(`${escape}1m1,000 distinct keys on 3 nodes`);
    expect(stdout).toMatch(/[▁-█]{3}/);
    expect(stderr).toContain('--html report.html');
  });

  test.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('on a terminal with %j: as piped', async environment => {
    const { stdout } = await run({ terminal: true, environment });
    expect(stdout).toBe((await run({})).stdout);
    const coloured = await run({ terminal: true, environment: { NO_COLOR: '' } });
    expect(coloured.stdout).toContain(escape);
  });

  test('--json is the same on a terminal', async () => {
    const args = ['--json', '-a', 'ring'];
    expect((await run({ terminal: true }, args)).stdout).toBe((await run({}, args)).stdout);
  });

  test('one algorithm alone: a line for each node', async () => {
    const { stdout } = await run({}, ['-a', 'maglev']);
    expect(stdout).toMatch(/Nodes under maglev\nnode +keys +share +fair\na +\d+ +\d+\.\d\d% +33\.33%\n/);
  });

  test('progress: on stderr of a terminal, at most ten times a second, gone at the end', async () => {
    const clock = new ManualClock();
    const input = Array.from({ length: 30 }, (_, at) => keyLines(10, `${at}-`));
    const options = { input, clock, onChunk: () => clock.advance(50) };
    const { stderr, stdout } = await run({ ...options, terminal: true });
    const drawn = stderr.split('\r').filter(part => part.includes('keys, '));
    expect(drawn.length).toBeGreaterThan(5);
    expect(drawn.length).toBeLessThanOrEqual(15);
    expect(drawn.at(-1)).toMatch(/\d+ keys, 200 per second/);
    expect(stderr.lastIndexOf('\r\u001b[K')).toBeGreaterThan(stderr.lastIndexOf('per second'));
    expect(stdout).not.toContain('per second');
    expect((await run(options)).stderr, 'piped').toBe('');
  });
});

describe('figures', () => {
  test.each([
    [0, '0%', '0.00%'],
    [1, '100%', '100.00%'],
    [0.2, '20%', '20.00%'],
    [1 / 6, '16.67%', '16.67%'],
    [0.00001, '<0.01%', '<0.01%'],
    [0.999999, '>99.99%', '>99.99%'],
    [2.5, '250%', '250.00%'],
  ])('%d is %s', (value, short, cell) => {
    expect([percent(value), percentCell(value)]).toEqual([short, cell]);
  });

  test('counts and ratios', () => {
    expect([count(0), count(999), count(1000), count(1234567)]).toEqual(['0', '999', '1,000', '1,234,567']);
    expect([ratio(1.23456), ratio(Infinity)]).toEqual(['1.235', '–']);
  });
});

describe('tables', () => {
  test('columns fit their widest cell as a terminal shows it, styles not counted', () => {
    const { bold } = paint(true);
    const columns = [
      { title: 'node', align: 'left' },
      { title: 'keys', align: 'right' },
    ] as const;
    const rows = [
      ['節点', '1'],
      ['a', { text: '20', style: bold }],
      ['e\u0301\n', '3'],
    ];
    expect(tableLines(columns, rows, text => text)).toEqual([
      'node    keys',
      '節点       1',
      `a         ${bold('20')}`,
      'e\u0301\\u{a}     3',
    ]);
  });

  test('widths, clipping and what a terminal must not be sent', () => {
    expect([widthOf('abc'), widthOf('漢字'), widthOf('é'), widthOf('e\u0301'), widthOf('😀')]).toEqual([
      3, 4, 1, 1, 2,
    ]);
    expect([clipped('abcdef', 4), clipped('漢字漢字', 5), clipped('ab', 2)]).toEqual(['abc…', '漢字…', 'ab']);
    expect(printable('a\u001b[1m\u0085\u202e\u2028é')).toBe('a\\u{1b}[1m\\u{85}\\u{202e}\\u{2028}é');
  });
});
