import {
  type Committed,
  errorCode,
  groupId,
  type LogIndex,
  type NodeId,
  nodeId,
  sleep,
  type StateMachine,
  type StateSnapshot,
} from '@quorate/core';
import { type ClientEnv, defineScenario, keyValue, linearizable, type NodeEnv, runSeeds } from '@quorate/sim';
import { createRequests, type Requests } from '@quorate/transport';
import { expect, test } from 'vitest';
import { createReplica, type SessionOperation, shareTransport } from '../src/index.ts';
import { bytes, text } from './host/tally-machine.ts';

/** Texts by key, to which commands append: `KEY VALUE`. A value that was applied twice stands there twice. */
class TextMachine implements StateMachine {
  #texts = new Map<string, string>();
  appliedIndex = 0 as LogIndex;

  apply(commands: readonly Committed[]): readonly Uint8Array[] {
    return commands.map(({ index, command }) => {
      const [key = '', value = ''] = text(command).split(' ');
      this.#texts.set(key, (this.#texts.get(key) ?? '') + value);
      this.appliedIndex = index;
      return new Uint8Array(0);
    });
  }

  query(query: Uint8Array): Uint8Array {
    return bytes(this.#texts.get(text(query)) ?? '');
  }

  snapshot(): StateSnapshot {
    const whole = bytes(JSON.stringify([...this.#texts]));
    return {
      index: this.appliedIndex,
      async *chunks() {
        for (let at = 0; at < whole.length; at += 50) yield whole.subarray(at, at + 50);
      },
      async [Symbol.asyncDispose]() {},
    };
  }

  async restore(index: LogIndex, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let whole = '';
    for await (const chunk of chunks) whole += text(chunk);
    this.#texts = new Map(JSON.parse(whole) as [string, string][]);
    this.appliedIndex = index;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

const [log, calls] = [groupId(1), groupId(2)];
const members = ['ada', 'bob', 'cyd'];
const callMs = 1000;

function openRequests(env: NodeEnv | ClientEnv, transport = env.transport): Requests {
  return createRequests(transport, { group: calls, clock: env.clock, random: env.random.fork('requests') });
}

/** A replica, and whatever a client asks of it. */
async function node(env: NodeEnv): Promise<void> {
  const shared = shareTransport(env.transport);
  const replica = await createReplica({
    id: env.self,
    group: log,
    members: members.map(nodeId),
    transport: shared.forGroup(log),
    journal: env.journal,
    machine: new TextMachine(),
    clock: env.clock,
    random: env.random.fork('replica'),
    electionTimeoutMs: 300,
    snapshotEntries: 30,
    trailingBytes: 0,
    tailBytes: 0,
    transferWindowBytes: 1024,
  });
  replica.subscribe(event => {
    env.reached(`event: ${event.type}`);
    if (event.type === 'failed') env.log(`failed: ${event.error.code} ${String(event.error.cause)}`);
  });
  const requests = openRequests(env, shared.forGroup(calls));
  requests.handle('open', async ({ signal }) => bytes(String((await replica.openSession({ signal })).id)));
  requests.handle('write', async ({ body, signal }) => {
    const { command, session } = JSON.parse(text(body)) as { command: string; session: SessionOperation };
    await replica.write(bytes(command), { session, signal });
    return new Uint8Array(0);
  });
  for (const mode of ['linearizable', 'lease', 'follower'] as const) {
    requests.handle(mode, ({ body, signal }) => replica.read(body, { mode, signal }));
  }
  await requests.start();
}

/** Asks one replica after another until one answers. */
async function ask(env: ClientEnv, requests: Requests, method: string, body: string): Promise<string> {
  for (;;) {
    const to = env.nodes[env.random.below(env.nodes.length)] as NodeId;
    try {
      return text(await requests.request(to, method, bytes(body), { deadlineMs: callMs }));
    } catch (error) {
      if (errorCode(error) === 'SESSION_EXPIRED') throw error;
      await sleep(env.clock, 20);
    }
  }
}

/** Appends and reads, and repeats each operation until it is known what became of it. */
async function client(env: ClientEnv): Promise<void> {
  const requests = openRequests(env);
  await requests.start();
  const session = Number(await ask(env, requests, 'open', ''));
  for (let sequence = 1; !env.workload.aborted; ) {
    const key = `k${env.random.below(2)}`;
    if (env.random.below(2) === 0) {
      const value = `${env.index}.${sequence};`;
      const body = JSON.stringify({
        command: `${key} ${value}`,
        session: { session, sequence, settled: sequence - 1 },
      });
      sequence++;
      await env.operation({ type: 'append', key, value }, async () => {
        await ask(env, requests, 'write', body);
      });
    } else {
      const mode = ['linearizable', 'lease', 'follower'][env.random.below(3)] as string;
      await env.operation({ type: 'get', key }, () => ask(env, requests, mode, key));
    }
    await sleep(env.clock, env.random.below(30));
  }
}

const replicated = defineScenario({
  name: 'replicated-text',
  summary: 'Clients append and read with retries, over three replicas that crash, pause and are cut off',
  nodes: members,
  clients: 3,
  faults: { network: { mode: 'stream' }, process: true, clock: { driftMax: 0.02, jumps: true } },
  safetyMs: 6000,
  livenessMs: 20_000,
  check: linearizable(keyValue({ missing: '' })),
  node,
  client,
});

test('histories of a replicated map are linearizable under crashes, pauses, partitions and clocks that are wrong', async () => {
  const seeds = Number(process.env['QUORATE_LONG'] ?? 0) > 0 ? 2000 : 60;
  const { failure } = await runSeeds(replicated, { seeds });
  expect(failure?.text).toBeUndefined();
}, 600_000);
