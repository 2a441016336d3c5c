import { Ring, type RingOptions } from '@quorate/ring';
import { describe, expect, test } from 'vitest';
import type { DiffReport, LocateReport } from '../src/index.ts';
import { Folder, runHere, runProcess } from './run-command.ts';

const nodes = [
  { id: 'a', zone: 'x' },
  { id: 'b', zone: 'x' },
  { id: 'c', zone: 'y' },
];

describe('quorate ring locate', () => {
  test('says what Ring says, for each key and algorithm in the order of the command line', async () => {
    using folder = new Folder();
    const file = folder.write('nodes.json', nodes);
    const args = ['ring', 'locate', '-n', file, '-a', 'ring,tokens', '-r', '2', '--spread-zones', '--json'];
    const { code, stdout, stderr } = await runProcess([...args, 'k1', 'ключ']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const expected = ['k1', 'ключ'].flatMap(key =>
      ['ring', 'tokens'].map(algorithm => {
        const ring = Ring.build({ algorithm, nodes } as RingOptions);
        const owners = ring.pick(key, { n: 2, spread: 'zone' });
        return { key, algorithm, owner: ring.get(key), owners, hash: `${ring.hash(key)}` };
      }),
    );
    expect((JSON.parse(stdout) as LocateReport).keys).toEqual(expected);
  });

  test('as text: one line for each', async () => {
    using folder = new Folder();
    const file = folder.write('nodes.json', nodes);
    const { stdout } = await runHere(['ring', 'locate', '-n', file, '-r', '3', 'k1', 'k2']);
    const ring = Ring.build({ nodes });
    const [heading, ...lines] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^key +algorithm +owners +hash$/);
    expect(lines.map(line => line.replace(/ {2,}/g, '|'))).toEqual(
      ['k1', 'k2'].map(key => `${key}|ring|${ring.pick(key, { n: 3 }).join(', ')}|${ring.hash(key)}`),
    );
  });
});

describe('quorate ring diff', () => {
  async function diff(from: unknown, to: unknown, args: readonly string[] = []): Promise<string> {
    using folder = new Folder();
    const files = ['--from', folder.write('from.json', from), '--to', folder.write('to.json', to)];
    const { code, stdout, stderr } = await runHere(['ring', 'diff', ...files, ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  test('ranges say who owns their ends in both rings, and their lengths add up to what moved', async () => {
    const [before, after] = [
      ['a', 'b', 'c'],
      ['b', 'c', 'd'],
    ];
    const report = JSON.parse(await diff(before, after, ['--json'])) as DiffReport;
    expect(report).toMatchObject({ schema: 'quorate-ring-diff/1', exact: true, unnecessary: 0 });
    expect(report.minimum).toBeCloseTo(1 / 3, 9);
    const rings = [Ring.build({ nodes: before }), Ring.build({ nodes: after })] as const;
    const ownerAt = (ring: (typeof rings)[number], hash: number): string =>
      ring.nodes[ring.indexOfHash(hash)]?.id ?? '';
    expect(report.ranges.length).toBeGreaterThan(100);
    for (const { start, end, from, to } of report.ranges) {
      for (const hash of [Number(start), Number(end) - 1]) {
        expect([ownerAt(rings[0], hash), ownerAt(rings[1], hash)]).toEqual([from, to]);
      }
    }
    const length = report.ranges.reduce((sum, { start, end }) => sum + (Number(end) - Number(start)), 0);
    expect(length / 2 ** 32).toBeCloseTo(report.moved, 9);
    const flow = report.nodes.reduce((sum, node) => sum + node.in, 0);
    expect(flow).toBeCloseTo(report.moved, 9);
  });

  test('as text: the figures, the nodes, and no more ranges than --limit', async () => {
    const text = await diff(['a', 'b'], ['a', 'b', 'c'], ['--limit', '2']);
    expect(text).toMatch(/^ring: 3\d\.\d+% of the hash space moves; the minimum is 33\.33%/);
    expect(text).toContain('Between nodes that are in both with the same weight: none of it');
    expect(text).toMatch(/moved ranges\n +start +end \(not in it\) +from +to\n.*\n.*\n… and \d+ more/);
    expect(await diff(['a', 'b'], ['b', 'a'])).toContain('0% of the hash space moves');
  });

  test('algorithms without ranges say that they estimate; 64-bit positions keep all their digits', async () => {
    expect(await diff(['a', 'b'], ['a', 'b', 'c'], ['-a', 'rendezvous'])).toContain(
      'Estimated over a fixed sample',
    );
    const json = await diff(['a', 'b'], ['a', 'b', 'c'], ['-a', 'tokens', '--json']);
    const { ranges } = JSON.parse(json) as DiffReport;
    const ring = Ring.build({ algorithm: 'tokens', nodes: ['a', 'b', 'c'] });
    for (const { start, to } of ranges) expect(ring.nodes[ring.indexOfHash(BigInt(start))]?.id).toBe(to);
  });
});
