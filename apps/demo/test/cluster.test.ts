import { fileURLToPath } from 'node:url';
import { systemClock } from '@quorate/core';
import { afterEach, expect, test, vi } from 'vitest';
import { Cluster } from '../src/cluster.ts';
import { NodeProcess } from '../src/node-process.ts';
import { Tape } from '../src/tape.ts';

const broken = fileURLToPath(new URL('fixtures/broken-node.ts', import.meta.url));

afterEach(() => vi.restoreAllMocks());

test('a start of which one node fails is an error, and leaves none of the others running', async () => {
  const start = NodeProcess.start.bind(NodeProcess);
  const started: NodeProcess[] = [];
  vi.spyOn(NodeProcess, 'start').mockImplementation(async (id, secrets, clock) => {
    const node = await start(id, secrets, clock, id === 'n2' ? { main: broken } : {});
    started.push(node);
    return node;
  });
  await using cluster = new Cluster(systemClock, new Tape(systemClock));
  await expect(cluster.start(2)).rejects.toThrow('Node n2 did not start');
  expect(started.map(({ id }) => id)).toEqual(['n1']);
  expect(cluster.processes).toEqual([]);
  expect(await started[0]?.exit).toEqual({ code: 0, signal: null });
});
