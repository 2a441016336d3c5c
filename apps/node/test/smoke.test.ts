import { expect, test } from 'vitest';
import { TestCluster } from './test-cluster.ts';
test('smoke', async () => {
  await using c = await TestCluster.start(['n1', 'n2', 'n3'], { pace: { pageKeysMax: 5 } });
  for (const k of ['__proto__', 'a/b', '😀', '..', '.', 'constructor', 'x y+z']) {
    const put = await c.put('n1', k, 'v' + k);
    expect(put.status, put.text).toBe(200);
    for (const n of ['n1', 'n2', 'n3']) {
      const g = await c.get(n, k);
      expect(g.text).toBe('v' + k);
    }
  }
  for (let i = 0; i < 200; i++) await c.put('n2', 'k' + i, String(i));
  c.change([...c.members, await c.startNode('n4')]);
  await c.sendView('n2');
  for (let i = 0; i < 200; i++) {
    const g = await c.get('n2', 'k' + i);
    expect(g.text).toBe(String(i));
  }
  await c.sendViewToAll();
  await c.settle();
  for (let i = 0; i < 200; i++) {
    const g = await c.get('n4', 'k' + i);
    expect(g.text).toBe(String(i));
  }
  console.log([...c.nodes.values()].map(n => n.partition.keyCount));
});
