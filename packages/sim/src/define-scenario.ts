import type { Scenario } from './scenario.ts';

const kebabCase = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const hostsMax = 64;

/**
 * Checks nothing but types and names; returns what it is given.
 *
 * @throws TypeError or RangeError on bad fields
 */
export function defineScenario(scenario: Scenario): Scenario {
  const { name, summary, nodes, clients = 0, probes = [] } = scenario;
  if (typeof name !== 'string' || !kebabCase.test(name)) {
    throw new RangeError(`Name of a scenario must be kebab-case: received "${name}"`);
  }
  if (typeof summary !== 'string') {
    throw new TypeError(`Summary of scenario "${name}" must be a string: received ${String(summary)}`);
  }
  if (typeof scenario.node !== 'function') {
    throw new TypeError(`Node of scenario "${name}" must be a function: received ${typeof scenario.node}`);
  }
  if (!Number.isInteger(clients) || clients < 0) {
    throw new RangeError(
      `Clients of scenario "${name}" must be an integer of at least 0: received ${clients}`,
    );
  }
  if (clients > 0 && typeof scenario.client !== 'function') {
    throw new TypeError(
      `Client of scenario "${name}" must be a function: received ${typeof scenario.client}`,
    );
  }
  if (nodes.length < 1 || nodes.length + clients > hostsMax) {
    throw new RangeError(
      `Scenario "${name}" must have at least one node and at most ${hostsMax} hosts: received ${nodes.length + clients}`,
    );
  }
  for (const [index, node] of nodes.entries()) {
    if (nodes.indexOf(node) !== index || /^client-\d+$/.test(node) || !/^[A-Za-z0-9._-]+$/.test(node)) {
      throw new RangeError(
        `Nodes of scenario "${name}" must be distinct, plain and not called like clients: received "${node}"`,
      );
    }
  }
  checkDuration(name, 'safetyMs', scenario.safetyMs);
  checkDuration(name, 'livenessMs', scenario.livenessMs);
  for (const probe of probes) {
    if (typeof probe !== 'string') {
      throw new TypeError(`Probe of scenario "${name}" must be a string: received ${String(probe)}`);
    }
  }
  return scenario;
}

function checkDuration(name: string, field: string, durationMs: number | undefined): void {
  if (durationMs === undefined || (Number.isFinite(durationMs) && durationMs >= 0)) return;
  throw new RangeError(
    `Field ${field} of scenario "${name}" must be a finite number of at least 0: received ${durationMs}`,
  );
}
