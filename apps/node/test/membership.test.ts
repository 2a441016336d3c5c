import { seededRandom } from '@quorate/core';
import { epochOfVersion } from '@quorate/node';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestCluster } from './test-cluster.ts';

/**
 * The handover over real sockets: clients read and write through any node while nodes join, leave and die.
 *
 * Pages are tiny and paused between, so that every change has many reads and writes in its middle.
 */
const pace = { pageKeysMax: 5, pagePauseMs: 2 };
const keyCount = 240;
const lanes = 6;

class Clients {
  readonly #cluster: TestCluster;
  readonly acked: Map<string, { value: string | undefined; version: number }> = new Map();
  /** Keys of which a write was refused or cut off: it may have happened. */
  readonly uncertain: Set<string> = new Set();
  /** The last epoch in which the only copy of a key may have died: acknowledgements from before say nothing any more. */
  readonly diedIn: Map<string, number> = new Map();
  readonly violations: string[] = [];
  operations = 0;
  #stopped = false;
  #lanes: Promise<void>[] = [];

  constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  start(seed: number): void {
    this.#lanes = Array.from({ length: lanes }, (_, lane) => this.#run(lane, seed));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#lanes);
  }

  /** Reads every key through every node. */
  async checkAll(): Promise<void> {
    for (const id of this.#cluster.nodes.keys()) {
      await Promise.all([...this.acked.keys()].map(key => this.#read(id, key)));
    }
  }

  async #run(lane: number, seed: number): Promise<void> {
    const random = seededRandom(seed).fork(`lane-${lane}`);
    for (let count = 0; !this.#stopped; count++) {
      const key = `key-${random.below(keyCount / lanes) * lanes + lane}`;
      const ids = this.#cluster.members.map(member => member.id);
      const id = ids[random.below(ids.length)] as string;
      if (random.below(3) === 0) await this.#read(id, key);
      else await this.#write(id, key, random.below(8) === 0 ? undefined : `${key} ${count}`);
      this.operations++;
    }
  }

  async #write(id: string, key: string, value: string | undefined): Promise<void> {
    const call = value === undefined ? this.#cluster.delete(id, key) : this.#cluster.put(id, key, value);
    const answer = await call.catch(() => undefined);
    // Refused or cut off: only a dead node can do that to these clients, and then nobody knows whether it happened.
    if (answer?.status !== 200) this.uncertain.add(key);
    else {
      const version = Number(answer.json['version']);
      if (version <= (this.acked.get(key)?.version ?? 0))
        this.violations.push(`${key} went back to ${version}`);
      this.acked.set(key, { value, version });
      this.uncertain.delete(key);
    }
  }

  async #read(id: string, key: string): Promise<void> {
    const before = this.acked.get(key);
    const answer = await this.#cluster.get(id, key).catch(() => undefined);
    if (answer === undefined || answer.status >= 500 || this.acked.get(key) !== before) return;
    if (this.uncertain.has(key) || epochOfVersion(before?.version ?? 0) <= (this.diedIn.get(key) ?? 0))
      return;
    const found = answer.status === 404 ? undefined : answer.text;
    if (found !== before?.value)
      this.violations.push(`${key} through ${id}: ${found} instead of ${before?.value}`);
  }
}

type Change = 'join' | 'leave' | 'crash' | 'crash in the middle';
const changes = fc.array(fc.constantFrom<Change>('join', 'join', 'leave', 'crash', 'crash in the middle'), {
  minLength: 2,
  maxLength: 4,
});

async function change(cluster: TestCluster, clients: Clients, kind: Change, pick: number): Promise<void> {
  const { members } = cluster;
  const victim = members[pick % members.length]?.id ?? '';
  if (kind === 'join' || kind === 'crash in the middle') {
    cluster.change([...members, await cluster.startNode(`n${cluster.epoch + 3}`)]);
  } else if (kind === 'leave' && members.length > 1)
    cluster.change(members.filter(({ id }) => id !== victim));
  // Nodes hear of it one by one, in an order of their own, with traffic in between.
  const ids = [...cluster.nodes.keys()].sort(
    (left, right) => (left < right ? 1 : -1) * (pick % 2 === 0 ? 1 : -1),
  );
  if (kind !== 'crash') for (const id of ids) await cluster.sendView(id);
  if ((kind === 'crash' || kind === 'crash in the middle') && members.length > 1) {
    const dying = cluster.nodes.get(victim)?.partition.view;
    for (let index = 0; index < keyCount; index++) {
      const key = `key-${index}`;
      if (dying?.owner(key) === victim || dying?.baseOwner(key) === victim)
        clients.diedIn.set(key, cluster.epoch);
    }
    await cluster.crash(victim);
    await cluster.sendViewToAll();
  }
  await cluster.settle();
  for (const id of cluster.nodes.keys()) {
    if (!cluster.members.some(member => member.id === id)) {
      await cluster.nodes.get(id)?.stop();
      cluster.nodes.delete(id);
    }
  }
}

test('no key is lost or stale while nodes join, leave and die under traffic', {
  timeout: 60_000,
}, async () => {
  let operations = 0;
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(1000), async (kinds, seed) => {
      await using cluster = await TestCluster.start(['n1', 'n2', 'n3'], { pace });
      const clients = new Clients(cluster);
      clients.start(seed);
      for (const [index, kind] of kinds.entries()) await change(cluster, clients, kind, seed + index);
      await clients.stop();
      await clients.checkAll();
      operations += clients.operations;
      expect(clients.violations).toEqual([]);
    }),
    { numRuns: 8, interruptAfterTimeLimit: 30_000 },
  );
  expect(operations).toBeGreaterThan(100);
});

test('planned changes are invisible: not one request of a client is refused', async () => {
  await using cluster = await TestCluster.start(['n1', 'n2', 'n3'], { pace });
  const clients = new Clients(cluster);
  clients.start(7);
  for (const [index, kind] of (['join', 'leave', 'join', 'leave'] as const).entries()) {
    await change(cluster, clients, kind, index);
  }
  await clients.stop();
  await clients.checkAll();
  expect(clients.violations).toEqual([]);
  expect([...clients.uncertain]).toEqual([]);
  const pulled = [...cluster.nodes.values()].map(node => node.partition.keyCount);
  expect(pulled.reduce((sum, count) => sum + count, 0)).toBe(
    [...clients.acked.values()].filter(({ value }) => value !== undefined).length,
  );
});
