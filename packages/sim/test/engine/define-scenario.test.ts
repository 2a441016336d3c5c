import { describe, expect, test } from 'vitest';
import { defineScenario, type Scenario } from '../../src/index.ts';

const right: Scenario = { name: 'a-name', summary: 'Right', nodes: ['n1'], node() {} };

describe('defineScenario', () => {
  test('returns what it is given', () => {
    expect(defineScenario(right)).toBe(right);
  });

  test.each([
    [{ name: 'Not kebab' }, RangeError, 'kebab-case: received "Not kebab"'],
    [{ summary: 3 }, TypeError, 'must be a string: received 3'],
    [{ node: undefined }, TypeError, 'Node of scenario "a-name" must be a function'],
    [{ clients: -1 }, RangeError, 'at least 0: received -1'],
    [{ clients: 1 }, TypeError, 'Client of scenario "a-name" must be a function'],
    [{ nodes: [] }, RangeError, 'at least one node'],
    [{ nodes: Array.from({ length: 65 }, (_, index) => `n${index}`) }, RangeError, 'at most 64 hosts'],
    [{ nodes: ['n1', 'n1'] }, RangeError, 'distinct'],
    [{ nodes: ['client-0'] }, RangeError, 'received "client-0"'],
    [{ safetyMs: Number.NaN }, RangeError, 'safetyMs'],
    [{ livenessMs: -1 }, RangeError, 'livenessMs'],
    [{ probes: [1] }, TypeError, 'Probe'],
  ])('refuses %o', (fields, kind, message) => {
    const define = () => defineScenario({ ...right, ...fields } as unknown as Scenario);
    expect(define).toThrow(kind);
    expect(define).toThrow(message);
  });
});
