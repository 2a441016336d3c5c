import { defineScenario, type Scenario } from '../../src/index.ts';

/** A scenario of which only some matters. */
export function scenario(fields: Partial<Scenario>): Scenario {
  return defineScenario({
    name: 'test',
    summary: 'For tests',
    nodes: ['n1'],
    safetyMs: 1_000,
    livenessMs: 1_000,
    node() {},
    ...fields,
  });
}
