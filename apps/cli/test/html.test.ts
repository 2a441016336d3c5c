import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { AnalyzeReport } from '../src/index.ts';
import { Folder, keyLines, runHere } from './run-command.ts';

async function page(list: unknown, args: readonly string[] = [], input = keyLines(2000)) {
  using folder = new Folder();
  const file = folder.file('report.html');
  const nodes = folder.write('nodes.json', list);
  const { code, stderr, stdout } = await runHere(
    ['ring', 'analyze', '-n', nodes, '--html', file, '--json', ...args],
    { input },
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return { html: readFileSync(file, 'utf8'), report: JSON.parse(stdout) as AnalyzeReport };
}

const zoned = [
  { id: 'a', weight: 2, zone: 'east' },
  { id: 'b', zone: 'west' },
  { id: 'c', zone: 'west' },
];

describe('--html', () => {
  test('one self-contained file: no script, no reference to anything outside, and a policy that says so', async () => {
    const { html } = await page(zoned, ['--replicas', '2', '--count-duplicates']);
    expect(html.startsWith('<!doctype html>')).toBe(true);
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)\b/i);
    expect(html).not.toMatch(/\b(?:src|href|action|poster|srcset)\s*=/i);
    expect(html).not.toMatch(/url\(|@import|https?:|\/\/[a-z]/i);
    expect(html).not.toMatch(/\son\w+\s*=/i);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  test('is well-formed: every element that is opened is closed, in order', async () => {
    const { html } = await page(zoned, ['--replicas', '2']);
    const empty = new Set(['meta', 'rect', 'line', 'path']);
    const open: string[] = [];
    const withoutStyle = html.replace(/<style>.*?<\/style>/s, '');
    for (const [, close, name = '', end] of withoutStyle.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*?(\/?)>/g)) {
      if (close === '/') expect(open.pop()).toBe(name);
      else if (end !== '/' && !(empty.has(name) && name === 'meta')) open.push(name);
    }
    expect(open).toEqual([]);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  test('draws a bar for each node and algorithm, a lane for each algorithm and change, and the ring now and after', async () => {
    const { html, report } = await page(zoned, ['-a', 'ring,maglev,ketama']);
    expect(html.match(/<rect class="bar/g)).toHaveLength(3 * 3);
    expect(html.match(/<span class="lane">/g)).toHaveLength(3 * report.changes.length);
    expect(html.match(/class="big"/g)).toHaveLength(1 + report.changes.length);
    // Every node owns some of the ring, and has its own colour.
    for (const position of [0, 1, 2]) expect(html).toContain(`<path class="arc n${position}"`);
    for (const { label } of report.changes) expect(html).toContain(label.replaceAll('"', '&quot;'));
  });

  test('the height of a bar is its load beside its fair load, in one scale', async () => {
    const { html, report } = await page(zoned, ['-a', 'ring,ketama']);
    const heights = [...html.matchAll(/<rect class="bar[^>]* height="([\d.]+)"/g)].map(match =>
      Number(match[1]),
    );
    const ratios = report.algorithms.flatMap(({ keys }) =>
      keys.perNode.map((load, at) => load / 2000 / (report.nodes[at]?.fairShare ?? 0)),
    );
    const scale = (heights[0] as number) / (ratios[0] as number);
    for (const [at, ratio] of ratios.entries())
      expect(Math.abs((heights[at] as number) - scale * ratio)).toBeLessThan(0.02);
  });

  test('ids and keys of users cannot become markup', async () => {
    const evil = `<img src=x onerror=alert(1)>"'&`;
    const { html } = await page([evil, 'b'], ['--count-duplicates'], `${evil}\n${evil}\nx\n`);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;');
  });

  test('the same input gives the same bytes', async () => {
    expect((await page(zoned)).html).toBe((await page(zoned)).html);
  });

  test('many nodes: bars from the most to the least loaded, the legend folded', async () => {
    const { html } = await page(
      Array.from({ length: 50 }, (_, at) => `n${at}`),
      ['-a', 'ring'],
    );
    const heights = [...html.matchAll(/<rect class="bar[^>]* height="([\d.]+)"/g)].map(match =>
      Number(match[1]),
    );
    expect(heights).toHaveLength(50);
    expect(heights).toEqual(heights.toSorted((left, right) => right - left));
    expect(html).toContain('<details><summary>51 nodes and their colours');
  });

  test('without an algorithm that lies on a circle the page goes without it', async () => {
    const { html } = await page(['a', 'b'], ['-a', 'jump']);
    expect(html).not.toContain('The hash space');
    expect(html).toContain('Balance of keys');
  });
});
