import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ids, SmallCluster } from './small-cluster.ts';

const folder = join(import.meta.dirname, '../../src/raft');
const files = readdirSync(folder);

/** What makes code wait, or asks for time. That nothing is ambient, the house rules check everywhere. */
const impure = /\b(?:async|await|Promise|Clock|setTimer|queueMicrotask|AbortSignal|then)\b/;

describe('the core has no promises and no clock', () => {
  test.each(files)('%s', file => {
    const source = readFileSync(join(folder, file), 'utf8');
    const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'[^'\n]*'/g, "''");
    expect(impure.exec(code)?.[0]).toBeUndefined();
    const imports = [...source.matchAll(/\bfrom '([^']+)'/g)].map(([, name = '']) => name);
    expect(imports.filter(name => name !== '@quorate/core' && !name.startsWith('./'))).toEqual([]);
  });
});

test('chance is what it is given: the same draws make the same run', () => {
  const run = (): readonly string[] => {
    const steps: string[] = [];
    const cluster = SmallCluster.of('abc', { trace: event => steps.push(JSON.stringify(event)) });
    cluster.tick('abc', 60);
    for (const name of ids('abc')) if (cluster.at(name).raft.isLeader) cluster.at(name).propose(1);
    cluster.settle();
    return steps;
  };
  const first = run();
  expect(first.some(step => step.includes('"BecomeLeader"'))).toBe(true);
  expect(run()).toEqual(first);
});
