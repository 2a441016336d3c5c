import type { NodeStatus } from '@quorate/node';
import { expect, test } from 'vitest';
import { handedOverSince } from '../src/handed-over.ts';

function status(id: string, pulledInPages: number, pulledOnDemand: number): NodeStatus {
  return { id, pulledInPages, pulledOnDemand } as NodeStatus;
}

test('what changed hands is what each node has taken over since, whoever joined or left meanwhile', () => {
  const before = [status('n1', 0, 0), status('n4', 1000, 10)];
  expect(handedOverSince(before, [status('n1', 300, 2)])).toEqual({ inPages: 300, onDemand: 2 });
  const joined = [...before, status('n5', 700, 7)];
  expect(handedOverSince(before, joined)).toEqual({ inPages: 700, onDemand: 7 });
});
