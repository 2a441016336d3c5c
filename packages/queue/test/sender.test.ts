import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueStand } from './queue-stand.ts';

describe('sends without an answer', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  it('repeats a send only as long as its id is remembered, the time of the call included', async () => {
    const calls: { readonly atMs: number; readonly deadlineMs: number; readonly rememberMs: number }[] = [];
    const faults: QueueFaults = { random: stand.random, lost: 1, capabilities: { crossProcess: true } };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const put = store.put.bind(store);
    store.put = (puts, options) => {
      const { rememberMs = 0 } = puts[0]?.message ?? {};
      calls.push({ atMs: stand.clock.monotonicMs(), deadlineMs: options?.deadlineMs ?? 0, rememberMs });
      return put(puts, options);
    };
    const sending = stand.queues({}, { store }).producer<number>('q').send(1, { rememberMs: 5000 });
    await expect(stand.until(sending)).rejects.toMatchObject({ code: 'SEND_UNKNOWN' });
    const [first, ...more] = calls;
    expect(first?.rememberMs).toBe(5000);
    expect(more.length).toBeGreaterThan(2);
    for (const { atMs, deadlineMs } of more)
      expect(atMs + deadlineMs).toBeLessThan((first?.atMs as number) + 5000);
  });

  it('gives up what has no answer some time after it was closed, however long it may be repeated', async () => {
    const faults: QueueFaults = { random: stand.random, lost: 1 };
    const producer = stand.queues(faults).producer<number>('q', { rememberMs: 3_600_000 });
    const sending = producer.send(1);
    sending.catch(() => {});
    await stand.until(producer[Symbol.asyncDispose](), 40_000);
    await expect(sending).rejects.toMatchObject({ code: 'SEND_UNKNOWN', outcome: 'unknown' });
  });
});
