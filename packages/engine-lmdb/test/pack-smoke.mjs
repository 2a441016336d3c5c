// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createLmdbQueueStore, createLmdbStore } from '@quorate/engine-lmdb';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'quorate-lmdb-smoke-'));
const value = new TextEncoder().encode('value');

try {
  for (const [durability, commit] of [
    ['fsync', 'thread'],
    ['os', 'thread'],
    ['os', 'inline'],
  ]) {
    const options = { path: path.join(folder, `${durability}-${commit}`), durability, commit };
    const store = await createLmdbStore(options);
    const other = await createLmdbStore(options);
    const session = await store.session({ ttlMs: 5000 });
    const first = await store.enqueue('locks/a/', value, { session: session.id });
    const second = await other.enqueue('locks/a/', value, { session: session.id });
    assert.equal(second.predecessor.key, first.self.key);
    const controller = new AbortController();
    const events = other.watch(first.self.key, second.self.created, { signal: controller.signal });
    const event = events[Symbol.asyncIterator]().next();
    assert.equal((await store.delete(first.self.key, { created: first.self.created })).outcome, 'applied');
    assert.equal((await event).value.type, 'delete');
    const operation = { session: session.id, sequence: 1 };
    assert.equal((await store.add('counts/a', 2n, { operation })).value, 2n);
    assert.equal((await other.add('counts/a', 2n, { operation })).value, 2n);
    controller.abort();
    const dead = other.observe(session.id);
    await session[Symbol.asyncDispose]();
    await dead;
    await store[Symbol.asyncDispose]();
    await other[Symbol.asyncDispose]();
    const again = await createLmdbStore(options);
    assert.equal((await again.list('locks/')).entries.length, 0);
    assert.equal(new TextDecoder().decode((await again.get('counts/a')).value), '2');
    await again[Symbol.asyncDispose]();
  }
  for (const durability of ['fsync', 'os']) {
    const queues = await createLmdbQueueStore({
      path: path.join(folder, `${durability}-thread`),
      durability,
    });
    await queues.put([{ queue: 'jobs/a', message: { body: value } }]);
    const [lease] = await queues.lease('jobs/a', { messagesMax: 1, leaseMs: 5000, owner: 'smoke' });
    assert.deepEqual([...lease.body], [...value]);
    const [settled] = await queues.settle([{ lease, action: { type: 'acknowledge' } }]);
    assert.equal(settled.outcome, 'applied');
    await queues[Symbol.asyncDispose]();
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
