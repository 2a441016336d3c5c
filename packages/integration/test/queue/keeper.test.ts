import { skipReason } from '@quorate/servers';
import { spawn } from '@quorate/threads';
import { describe, expect, test } from 'vitest';
import { engines, openQueueStore, startEngine } from '../engines.ts';
import type { blockedService } from './blocked-thread.ts';
import { addressVariable } from './keeper-store.ts';

const queue = 'kept/jobs';
const leaseMs = 2000;
const wait = { timeout: 60_000 };

describe('leases of a thread whose event loop is blocked are kept by another', () => {
  for (const { name, program } of engines) {
    const reason = program === undefined ? undefined : skipReason(program);
    test.skipIf(reason !== undefined)(
      `on ${name} (needs it${reason === undefined ? '' : `, ${reason}`})`,
      { timeout: 180_000 },
      async () => {
        await using stand = await startEngine(name);
        process.env[addressVariable] = JSON.stringify(stand.address);
        await using store = await openQueueStore(stand.address);
        const words = new Int32Array(new SharedArrayBuffer(12));
        await using worker = await spawn<typeof blockedService>(
          new URL('blocked-thread.ts', import.meta.url),
          { data: { words: words.buffer, queue, leaseMs } },
        );
        await store.put([{ queue, message: { body: Buffer.from('"job"') } }]);
        await expect.poll(() => Atomics.load(words, 0), wait).toBe(1);
        const [message] = (await store.inspect.messages(queue)).items;
        const endMs = message?.leasedUntilMs as number;
        // Until the lease would have ended, twice over.
        await expect.poll(() => store.now(), wait).toBeGreaterThan(endMs + leaseMs);
        expect(await store.lease(queue, { messagesMax: 1, leaseMs, owner: 'thief' })).toEqual([]);
        Atomics.store(words, 1, 1);
        Atomics.notify(words, 1);
        await worker.call('drain', undefined);
        expect(words[2]).toBe(0);
        expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 0, leasedCount: 0 });
      },
    );
  }
});
