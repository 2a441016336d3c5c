import { Ring, type RingOptions } from '@quorate/ring';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { knownAlgorithms } from '../src/analysis/algorithm-spec.ts';
import type { AlgorithmReport, AnalyzeReport } from '../src/index.ts';
import { Folder, keyLines, runHere, runProcess } from './run-command.ts';

/** Not in the order of their ids, which is the order in most rings. */
const nodes = [
  { id: 'c', weight: 2, zone: 'east' },
  { id: 'a', weight: 1, zone: 'east' },
  { id: 'b', weight: 1, zone: 'west' },
  { id: 'd', weight: 1.5, zone: 'north' },
];

async function analyze(list: unknown, input: string, args: readonly string[] = []): Promise<AnalyzeReport> {
  using folder = new Folder();
  const file = folder.write('nodes.json', list);
  const { code, stdout, stderr } = await runHere(['ring', 'analyze', '-n', file, '--json', ...args], {
    input,
  });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as AnalyzeReport;
}

function row(report: AnalyzeReport, algorithm: string): AlgorithmReport {
  const found = report.algorithms.find(candidate => candidate.algorithm === algorithm);
  if (found === undefined) throw new Error(`No ${algorithm}`);
  return found;
}

/** The report's counts, made from nothing but `Ring.get`. */
function counted(options: object, keys: readonly string[]): number[] {
  const ring = Ring.build({ ...options, nodes } as RingOptions);
  return nodes.map(({ id }) => keys.filter(key => ring.get(key) === id).length);
}

describe('quorate ring analyze', () => {
  const keys = keyLines(3000).trim().split('\n');

  test('as a process: keys from stdin, JSON alone on stdout, counts that a loop over Ring.get confirms', async () => {
    using folder = new Folder();
    const file = folder.write('nodes.json', nodes);
    const { code, stdout, stderr } = await runProcess(
      ['ring', 'analyze', '--nodes', file, '--json'],
      keys.join('\r\n'),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as AnalyzeReport;
    expect(report).toMatchObject({
      schema: 'quorate-ring-analyze/1',
      keys: { requests: 3000, distinct: 3000, empty: 0 },
      weighted: true,
      replicas: 1,
    });
    expect(report.nodes.map(({ fairShare }) => fairShare)).toEqual([2, 1, 1, 1.5].map(w => w / 5.5));
    for (const algorithm of ['ring', 'rendezvous', 'maglev', 'ketama', 'tokens'] as const) {
      expect(row(report, algorithm).keys.perNode, algorithm).toEqual(counted({ algorithm }, keys));
    }
    expect(report.leftOut.map(({ algorithm }) => algorithm)).toEqual(['jump', 'jumpback']);
  });

  test('every algorithm of the package is there, and fits equal nodes', async () => {
    const report = await analyze(['a', 'b', 'c'], keyLines(100));
    expect(report.leftOut).toEqual([]);
    expect(report.algorithms.map(({ algorithm }) => algorithm)).toEqual(Object.keys(knownAlgorithms));
    for (const { keys, changes } of report.algorithms) {
      expect(keys.perNode.reduce((sum, load) => sum + load, 0)).toBe(100);
      expect(changes.map(({ possible }) => possible)).toEqual([true, true]);
    }
    // What the error of an unknown name lists is the package's own table.
    const build = (): Ring => Ring.build({ algorithm: 'none', nodes: [] } as unknown as RingOptions);
    for (const name of Object.keys(knownAlgorithms)) expect(build).toThrow(name);
  });

  test('moves are those of a loop over both rings, beside the minimum by weights', async () => {
    const report = await analyze(nodes, keyLines(3000), [
      '--add',
      'e:1.1:west',
      '--remove',
      'b',
      '-a',
      'ring,maglev',
    ]);
    expect(report.changes.map(({ label }) => label)).toEqual(['"e" (weight 1.1) joins', '"b" leaves']);
    const [join, leave] = report.changes;
    expect(join?.minimum).toBeCloseTo(1.1 / 6.6, 12);
    expect(leave?.minimum).toBeCloseTo(1 / 5.5, 12);
    for (const algorithm of ['ring', 'maglev'] as const) {
      const before = Ring.build({ algorithm, nodes });
      const changes = [before.with({ add: [{ id: 'e', weight: 1.1 }] }), before.with({ remove: ['b'] })];
      const expected = changes.map((after, at) => {
        const moved = keys.filter(key => before.get(key) !== after.get(key));
        const touched = at === 0 ? 'e' : 'b';
        const needless = moved.filter(key => before.get(key) !== touched && after.get(key) !== touched);
        return { movedKeys: moved.length, unnecessaryKeys: needless.length, moved: moved.length / 3000 };
      });
      expect(row(report, algorithm).changes, algorithm).toMatchObject(expected);
    }
  });

  test('nothing moves between untouched nodes in ring and rendezvous, whatever the nodes and the change', async () => {
    const weight = fc.constantFrom(0.5, 1, 1, 2, 3.25);
    const member = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), weight });
    const members = fc.uniqueArray(member, { selector: ({ id }) => id, minLength: 2, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(members, weight, fc.nat(), async (list, joining, seed) => {
        const leaving = list[seed % list.length]?.id ?? '';
        const args = ['--add', `new:${joining}`, '--remove', leaving, '-a', 'ring,rendezvous'];
        for (const extra of [[], ['--together']]) {
          const report = await analyze(list, keyLines(400, `${seed}-`), [...args, ...extra]);
          for (const { changes } of report.algorithms) {
            for (const change of changes)
              expect(change).toMatchObject({ possible: true, unnecessaryKeys: 0 });
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  test('an algorithm that needs more moves says so: the same count is above 0 for envoy-ring', async () => {
    const report = await analyze(['a', 'b', 'c', 'd', 'e'], keyLines(2000), ['-a', 'envoy-ring']);
    expect(row(report, 'envoy-ring').changes[0]).toMatchObject({
      unnecessaryKeys: expect.toSatisfy(n => n > 0),
    });
  });

  test('a change that an algorithm cannot make is reported with its reason, the others go on', async () => {
    const report = await analyze(['a', 'b', 'c'], keyLines(50), ['--remove', 'a', '-a', 'jump,ring']);
    expect(row(report, 'jump').changes).toEqual([
      { possible: false, reason: expect.stringContaining('"a"') },
    ]);
    expect(row(report, 'ring').changes).toMatchObject([{ possible: true }]);
  });

  test('--count-duplicates counts keys once and requests as often as they come, and names the hottest key', async () => {
    const input = `hot\n`.repeat(700) + keyLines(300);
    const once = await analyze(nodes, input, ['-a', 'ring']);
    expect(once.keys).toEqual({ requests: 1000, distinct: 301, empty: 0 });
    expect(row(once, 'ring')).not.toHaveProperty('requests');
    const report = await analyze(nodes, input, ['-a', 'ring', '--count-duplicates']);
    expect(report.keys.hottest).toEqual({ key: 'hot', requests: 700, share: 0.7 });
    const { keys: byKey, requests, changes } = row(report, 'ring');
    expect(byKey).toEqual(row(once, 'ring').keys);
    const owner = nodes.findIndex(({ id }) => id === Ring.build({ nodes }).get('hot'));
    expect(requests?.perNode).toEqual(byKey.perNode.map((load, at) => (at === owner ? load + 699 : load)));
    const moved = changes[1] as { movedKeys: number; movedRequests: number };
    const hotMoves =
      Ring.build({ nodes })
        .with({ remove: ['d'] })
        .get('hot') !== nodes[owner]?.id;
    expect(moved.movedRequests).toBe(moved.movedKeys + (hotMoves ? 699 : 0));
  });

  test('--assume-distinct remembers nothing: a repeat is another key', async () => {
    const report = await analyze(nodes, 'a\na\nb\n', ['-a', 'ring', '--assume-distinct']);
    expect(report.keys).toEqual({ requests: 3, distinct: 3, empty: 0 });
  });

  test('--replicas: every copy is counted, and zones come first where that is asked of the ring', async () => {
    const report = await analyze(nodes, keyLines(500), ['--replicas', '3', '-a', 'ring,maglev']);
    const ring = Ring.build({ nodes });
    for (const [at, spread] of ([undefined, 'zone'] as const).entries()) {
      const lists = keys.slice(0, 500).map(key => ring.pick(key, { n: 3, spread }));
      const copies = nodes.map(({ id }) => lists.filter(list => list.includes(id)).length);
      const zones = lists.map(list => new Set(list.map(id => nodes.find(node => node.id === id)?.zone)).size);
      const { copies: load, zoneShares } = row(report, 'ring').replicas?.[at] ?? {};
      expect(load?.perNode).toEqual(copies);
      expect(zoneShares).toEqual([1, 2, 3].map(size => zones.filter(zone => zone === size).length / 500));
    }
    expect(row(report, 'maglev').replicas?.[1]).toMatchObject({ spread: 'zone', zoneShares: [0, 0, 1] });
  });

  test('options of an algorithm reach it, and the same algorithm can come twice', async () => {
    const report = await analyze(nodes, keyLines(500), ['-a', 'ring,ring:vnodes=10:seed=7']);
    const options = { vnodes: 10, seed: 7 };
    expect(row(report, 'ring:vnodes=10:seed=7').keys.perNode).toEqual(counted(options, keys.slice(0, 500)));
    expect(row(report, 'ring').keys.perNode).toEqual(counted({}, keys.slice(0, 500)));
  });

  test('keys are bytes: --null, keys that are not UTF-8, and --keys instead of stdin', async () => {
    using folder = new Folder();
    const raw = [Buffer.from([0xff, 0x0a, 0xfe]), Buffer.from('b'), Buffer.from('ü')];
    const file = folder.write('keys', Buffer.concat(raw.flatMap(key => [key, Buffer.from([0])])));
    const report = await analyze(nodes, '', ['--keys', file, '--null', '-a', 'ring']);
    const ring = Ring.build({ nodes });
    const expected = nodes.map(({ id }) => raw.filter(key => ring.get(key) === id).length);
    expect(row(report, 'ring').keys.perNode).toEqual(expected);
  });

  test('the default join is of average weight and a free name, the default leave the last node with a weight', async () => {
    const list = { 'new-node': 0.1, b: 0.1, c: 0.1, d: 0 };
    const { changes } = await analyze(list, keyLines(10), ['-a', 'ring']);
    expect(changes).toMatchObject([{ add: [{ id: 'new-node-2', weight: 0.1 }] }, { remove: ['c'] }]);
    expect((await analyze(['a'], 'k', ['-a', 'ring'])).changes).toHaveLength(1);
  });
});
