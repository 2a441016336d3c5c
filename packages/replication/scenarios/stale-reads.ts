import { groupId, type NodeId, nodeId, QuorateError, sleep } from '@quorate/core';
import { type ClientEnv, defineScenario, linearizable, type NodeEnv, type Scenario } from '@quorate/sim';
import { createReplica, shareTransport } from '../src/index.ts';
import { Calls, serveCalls } from './parts/calls.ts';
import { HeldTransport } from './parts/held-transport.ts';
import { mapOfRegisters } from './parts/map-client.ts';
import { MapMachine } from './parts/map-machine.ts';

const nodes = ['ada', 'bob', 'cyd'];
const [log, callsGroup] = [groupId(1), groupId(2)];
const electionTimeoutMs = 300;
const key = 'x';
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** What no client waits longer for: soon enough to ask again before a leader that was cut off steps down. */
const askMs = 60;

/** A replica that tells its state, and that can be cut off from the others while clients still reach it. */
async function serve(env: NodeEnv): Promise<void> {
  const shared = shareTransport(env.transport);
  const transport = new HeldTransport(shared.forGroup(log), env.clock);
  const replica = await createReplica({
    id: env.self,
    group: log,
    members: nodes.map(nodeId),
    transport,
    journal: env.journal,
    machine: new MapMachine({ applied: () => {}, restored: () => {}, misused: text => env.log(text) }),
    clock: env.clock,
    random: env.random.fork('replica'),
    electionTimeoutMs,
    heartbeatMs: electionTimeoutMs / 5,
  });
  await serveCalls(shared.forGroup(callsGroup), callsGroup, {
    async put([value]) {
      const command = encoder.encode(`${String(value)} put ${key} ${String(value)}`);
      return (await replica.write(command, { deadlineMs: 1000 })).index;
    },
    async read([mode]) {
      const options = { mode: mode as 'linearizable' | 'lease', deadlineMs: askMs };
      const answer = await replica.read(encoder.encode(key), options);
      if (transport.holding) env.reached(`read while cut off: ${options.mode}`);
      return JSON.parse(decoder.decode(answer)) as number | null;
    },
    async leads() {
      return replica.status().role === 'leader';
    },
    async cutOff([ms]) {
      transport.holdFor(ms as number);
    },
  });
}

/** Cuts off who leads, and reads there for as long as it believes to lead. */
async function cutOffAndRead(env: ClientEnv, calls: Calls): Promise<void> {
  const { clock, random, workload } = env;
  while (!workload.aborted) {
    const leader = await findLeader(env, calls);
    await sleep(clock, random.below(electionTimeoutMs));
    if (leader === undefined) continue;
    const mode = random.below(2) === 0 ? 'linearizable' : 'lease';
    const cutMs = electionTimeoutMs * (2 + random.below(3));
    await calls.ask(leader, 'cutOff', [cutMs], askMs);
    const endMs = clock.monotonicMs() + cutMs;
    let leads = true;
    while (leads && clock.monotonicMs() < endMs && !workload.aborted) {
      leads = await readAt(env, calls, leader, mode);
      await sleep(clock, random.below(15));
    }
    if (!leads) env.reached('stepped down while cut off');
  }
}

/** @returns whether the node still believes to lead, as far as is known */
async function readAt(env: ClientEnv, calls: Calls, node: NodeId, mode: string): Promise<boolean> {
  let leads = true;
  await env.operation({ type: 'read', key }, async () => {
    const answer = await calls.ask(node, 'read', [mode], askMs);
    if ('value' in answer) return answer.value;
    const { code } = answer.failure;
    leads = code !== 'NOT_LEADER';
    // A read that nobody heard the answer of is none.
    throw new QuorateError(code, `Asked ${node} for "${key}"`, { outcome: 'not-applied' });
  });
  return leads;
}

async function findLeader({ nodes }: ClientEnv, calls: Calls): Promise<NodeId | undefined> {
  const answers = await Promise.all(nodes.map(node => calls.ask(node, 'leads', [], askMs)));
  return nodes.find((_, at) => {
    const answer = answers[at];
    return answer !== undefined && 'value' in answer && answer.value === true;
  });
}

/** Writes wherever writes are taken, all the time; in the end until one is acknowledged once more. */
async function write(env: ClientEnv, calls: Calls): Promise<void> {
  const { clock, index, nodes, random, workload } = env;
  const anyNode = (): NodeId => nodes[random.below(nodes.length)] as NodeId;
  let target = anyNode();
  let isDone = false;
  for (let count = 1; !workload.aborted || !isDone; count++) {
    const value = index * 100_000 + count;
    isDone = false;
    await env.operation({ type: 'write', key, value }, async () => {
      const answer = await calls.ask(target, 'put', [value], workload.aborted ? 1000 : askMs);
      isDone = 'value' in answer;
      if ('value' in answer) return;
      const { code, outcome, leader } = answer.failure;
      target = leader === undefined || leader === target ? anyNode() : leader;
      throw new QuorateError(code, `Wrote ${value}`, { outcome: outcome as QuorateError['outcome'] });
    });
    await sleep(clock, random.below(20));
  }
}

export const staleReads: Scenario = defineScenario({
  name: 'stale-reads',
  summary: 'Leaders that are cut off and do not know it are read from, while another leads and writes go on',
  nodes,
  clients: 3,
  faults: {
    network: { mode: 'stream', latencyMaxMs: 10 },
    process: { pauseMaxMs: 1000 },
    // Clocks that differ by at most the margin of a lease, a tenth.
    clock: { driftMax: 0.045 },
  },
  safetyMs: 10_000,
  livenessMs: 10_000,
  probes: ['read while cut off: lease', 'stepped down while cut off'],
  check: linearizable(mapOfRegisters),
  node: serve,
  async client(env) {
    const calls = new Calls(env, callsGroup);
    await calls.start();
    await (env.index === 0 ? cutOffAndRead(env, calls) : write(env, calls));
  },
});
