import {
  type LeasedMessage,
  type LeaseHandle,
  ManualClock,
  type QueueStore,
  systemClock,
} from '@quorate/core';
import { createMemoryQueueStore } from '@quorate/engine-memory';
import { spawn } from '@quorate/threads';
import { describe, expect, it, vi } from 'vitest';
import { leaseKeeper } from '../src/index.ts';
import { KeeperCore } from '../src/keeper/keeper-core.ts';
import { KeptCell } from '../src/keeper/kept-cell.ts';
import type { blockedService } from './fixtures/blocked-worker.ts';
import { serveStore } from './fixtures/channel-store.ts';
import { turn } from './queue-stand.ts';

const body = new Uint8Array(1);

/** The handler of another thread blocks its event loop on the only message. */
async function blocked(
  leaseMs: number,
  stuckAfterMs: number,
  check: (
    store: QueueStore,
    calls: readonly { readonly call: string; readonly leases: number }[],
  ) => Promise<void>,
): Promise<Int32Array> {
  await using store = createMemoryQueueStore();
  const calls: { call: string; leases: number }[] = [];
  using _served = serveStore(store, ({ call, args }) =>
    calls.push({ call, leases: Array.isArray(args[0]) ? args[0].length : 0 }),
  );
  const words = new Int32Array(new SharedArrayBuffer(12));
  const data = { words: words.buffer, leaseMs, stuckAfterMs };
  await using worker = await spawn<typeof blockedService>(
    new URL('fixtures/blocked-worker.ts', import.meta.url),
    { data },
  );
  await store.put([{ queue: 'q', message: { body } }]);
  await vi.waitFor(() => expect(Atomics.load(words, 0)).toBe(1), { timeout: 30_000 });
  await check(store, calls);
  Atomics.store(words, 1, 1);
  Atomics.notify(words, 1);
  await worker.call('drain', undefined);
  return words;
}

describe('lease keeper', () => {
  it('keeps the leases of a thread whose event loop is blocked', async () => {
    const leaseMs = 2000;
    const words = await blocked(leaseMs, 600_000, async (store, calls) => {
      const [message] = (await store.inspect.messages('q')).items;
      const firstEndMs = message?.leasedUntilMs as number;
      const extendCount = calls.filter(({ call }) => call === 'extend').length;
      // Until the first lease would have ended, twice over.
      await vi.waitFor(async () => expect(await store.now()).toBeGreaterThan(firstEndMs + leaseMs), {
        timeout: 60_000,
      });
      expect(calls.filter(({ call }) => call === 'extend').length).toBeGreaterThan(extendCount + 2);
      expect(await store.lease('q', { messagesMax: 1, leaseMs: 1000, owner: 'thief' })).toEqual([]);
    });
    expect(words[2]).toBe(0);
  });

  it('lets go of them when it has been blocked for too long, so that another worker takes over', async () => {
    let taken: readonly LeasedMessage[] = [];
    const words = await blocked(1000, 1500, async store => {
      taken = await store.lease('q', { messagesMax: 1, leaseMs: 60_000, owner: 'other', waitMs: 60_000 });
    });
    expect(taken.map(({ deliveryCount }) => deliveryCount)).toEqual([2]);
    expect(words[2]).toBe(1);
  });

  it('tells that its thread was lost, and still knows what that had kept', async () => {
    const troubles: unknown[] = [];
    await using keeper = leaseKeeper({
      module: new URL('fixtures/ending-store.ts', import.meta.url),
      onTrouble: error => troubles.push(error),
    });
    const handle = { queue: 'q', id: 'a', token: 1n } as unknown as LeaseHandle;
    using kept = keeper.keep(
      600,
      () => {},
      () => [handle],
    );
    await kept.ready;
    const addedMs = systemClock.monotonicMs();
    kept.add([handle]);
    await vi.waitFor(() => expect(troubles).toHaveLength(1), { timeout: 30_000 });
    expect(kept.isKeeping).toBe(false);
    expect(kept.keptSinceMs(addedMs)).toBeGreaterThan(addedMs);
  });

  it('tells where its thread cannot start, and leaves the leases to their work', async () => {
    const troubles: unknown[] = [];
    await using keeper = leaseKeeper({
      module: new URL('fixtures/nothing-there.ts', import.meta.url),
      onTrouble: error => troubles.push(error),
    });
    using kept = keeper.keep(
      1000,
      () => {},
      () => [],
    );
    await vi.waitFor(() => expect(troubles).toMatchObject([{ code: 'SPAWN_FAILED' }]), {
      timeout: 30_000,
    });
    expect(kept.isKeeping).toBe(false);
  });

  it('says since when leases are kept, of those alone that it knew of', async () => {
    const clock = new ManualClock({ wallMs: 1_000_000 });
    await using store = createMemoryQueueStore({ clock });
    await store.put([
      { queue: 'q', message: { body } },
      { queue: 'q', message: { body } },
    ]);
    const lease = async (): Promise<LeasedMessage> =>
      (await store.lease('q', { messagesMax: 1, leaseMs: 600, owner: 'w' }))[0] as LeasedMessage;
    const cell = new KeptCell();
    using core = new KeeperCore(store, clock, {
      work: 1,
      leaseMs: 600,
      stuckAfterMs: 1000,
      cell: cell.buffer,
    });
    const { queue, id, token } = await lease();
    const handle = { queue, id, token };
    // This thread's clock began 5,000 ms before the keeper's.
    core.replace({ work: 1, leases: [handle], nowMs: 5000 });
    expect(cell.read(5000)).toBeUndefined();
    clock.advance(100);
    await turn();
    expect(cell.read(5000)).toBe(5100);
    expect(cell.read(5001)).toBeUndefined();
    const second = await lease();
    core.add({ work: 1, leases: [{ queue, id: second.id, token: second.token }], nowMs: 5101 });
    for (let time = 0; time < 20; time++) {
      clock.advance(100);
      await turn();
    }
    // 1,000 ms after it was heard of last, and not later.
    expect(cell.read(5101)).toBe(6101);
    expect((await store.inspect.depth('q')).leasedCount).toBe(0);
    expect(core.replace({ work: 1, leases: [handle], nowMs: 7100 })).toEqual([]);
    await store.lease('q', { messagesMax: 2, leaseMs: 60_000, owner: 'other' });
    clock.advance(100);
    await turn();
    expect(core.replace({ work: 1, leases: [handle], nowMs: 7200 })).toEqual([handle]);
  });
});
