// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import { ManualClock, nodeId } from '@quorate/core';
import { bytesOf, createReplica, valueMachine, valueOf } from '@quorate/replication';

/** As much of a journal as one replica needs that writes a little. */
class SmokeJournal {
  capabilities = { durability: 'memory', recordMaxBytes: 65_536 };
  entries = [];
  hardState = undefined;
  snapshot = undefined;
  recover() {
    const { hardState, entries, snapshot } = this;
    return { hardState, snapshot: snapshot?.metadata, first: 1, last: entries.length };
  }
  async write({ truncateFrom, entries = [], hardState }) {
    if (truncateFrom !== undefined) this.entries.length = truncateFrom - 1;
    this.entries.push(...entries.map(entry => ({ ...entry, payload: entry.payload.slice() })));
    if (hardState !== undefined) this.hardState = hardState;
  }
  async read(_group, from, to) {
    return this.entries.slice(from - 1, to - 1);
  }
  termAt(_group, index) {
    return this.entries[index - 1]?.term;
  }
  async saveSnapshot(_group, metadata, chunks) {
    const copies = [];
    for await (const chunk of chunks) copies.push(chunk.slice());
    this.snapshot = { metadata, copies };
  }
  openSnapshot() {
    const { snapshot } = this;
    if (snapshot === undefined) return undefined;
    return {
      metadata: snapshot.metadata,
      chunks: (async function* () {
        yield* snapshot.copies;
      })(),
    };
  }
  async compact() {}
  async [Symbol.asyncDispose]() {}
}

const id = nodeId('alone');
const transport = () => ({
  self: id,
  capabilities: { messageMaxBytes: 65_536, authenticated: true, reach: 'process' },
  async start() {},
  send: () => 'disconnected',
  queuedBytes: () => 0,
  async [Symbol.asyncDispose]() {},
});
const machine = () => valueMachine(0, { apply: (total, by) => [total + by, total + by] });
const journal = new SmokeJournal();
// A clock that goes on with the event loop: a machine that stands still makes nobody step down.
const clock = new ManualClock({ wallMs: 1_000_000 });
const ticking = setInterval(() => clock.advance(5), 1);
const options = { id, members: [id], journal, clock, electionTimeoutMs: 50 };

const first = await createReplica({ ...options, transport: transport(), machine: machine() });
assert.equal(await first.waitForLeader({ deadlineMs: 5000 }), 'alone');
const session = await first.openSession();
const operation = session.begin();
for (const attempt of [1, 2]) {
  const { reply, replicas } = await first.write(bytesOf(20), {
    session: operation,
    ack: attempt === 1 ? 'all' : 'quorum',
  });
  assert.deepEqual([valueOf(reply), replicas], [20, 1]);
}
await first.snapshot();
await first.write(bytesOf(1), { ack: 'leader' });
await first[Symbol.asyncDispose]();
await assert.rejects(first.write(bytesOf(1)), { code: 'CLOSED', outcome: 'not-applied' });

const second = await createReplica({ ...options, transport: transport(), machine: machine() });
await second.waitForLeader({ deadlineMs: 5000 });
for (const mode of ['linearizable', 'lease', 'follower']) {
  assert.equal(valueOf(await second.read(bytesOf(null), { mode, deadlineMs: 5000 })), 21);
}
await second[Symbol.asyncDispose]();
clearInterval(ticking);
