// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import {
  checkLinearizabilitySync,
  defineScenario,
  register,
  renderTrace,
  runSeeds,
  simulate,
} from '@quorate/sim';

const scenario = defineScenario({
  name: 'pings',
  summary: 'Two nodes that ping each other',
  nodes: ['a', 'b'],
  faults: { network: true, process: true, clock: { jumps: true } },
  safetyMs: 2_000,
  livenessMs: 1_000,
  async node(env) {
    await env.transport.start({ onMessage: () => env.reached('heard') });
    const ping = () => {
      for (const peer of env.nodes) if (peer !== env.self) env.transport.send(peer, Uint8Array.of(1));
      env.clock.setTimer(50, ping);
    };
    ping();
  },
});

const { failure, totals } = await runSeeds(scenario, { seeds: 20 });
assert.equal(failure?.text, undefined);
assert.equal(totals.seeds, 20);

// The same in every version of Node that is supported.
const first = await simulate(scenario, { seed: 7, record: true });
const second = await simulate(scenario, { seed: 7 }, { pump: 'ticks' });
assert.equal(first.traceHash, second.traceHash);
assert.ok(first.events > 50);
assert.match(renderTrace(first), /<!doctype html>/i);

const cheating = defineScenario({ ...scenario, name: 'cheating', node: () => void Date.now() });
const { verdict, error } = await simulate(cheating, { seed: 1 });
assert.equal(verdict, 'error');
assert.equal(error.code, 'NONDETERMINISM');
assert.equal(typeof Date.now(), 'number');

const stale = checkLinearizabilitySync(register(), [
  { process: 1, input: { type: 'write', value: 1 }, invokedAt: 0, returnedAt: 1 },
  { process: 2, input: { type: 'read' }, output: null, invokedAt: 2, returnedAt: 3 },
]);
assert.equal(stale.verdict, 'violation');
