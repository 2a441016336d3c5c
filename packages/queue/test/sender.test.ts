import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { QueueStand, turn } from './queue-stand.ts';

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

  it('does not send what was given up while it waited, whether one or most of it', async () => {
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    const producer = stand
      .queues({ before: call => (call === 'put' ? gate : undefined) })
      .producer<number>('q');
    const first = producer.send(0);
    await turn();
    const sends = Array.from({ length: 20 }, (_, index) => {
      const controller = new AbortController();
      return { controller, sending: producer.send(index + 1, { signal: controller.signal }) };
    });
    const givenUp = sends.filter((_, index) => index !== 3 && index !== 11);
    for (const { controller, sending } of givenUp) {
      controller.abort();
      await expect(sending).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
    }
    const one = new AbortController();
    const more = [4, 5, 6].map(() => producer.send(99));
    const last = producer.send(100, { signal: one.signal });
    one.abort();
    await expect(last).rejects.toMatchObject({ outcome: 'not-applied' });
    open();
    await Promise.all([first, sends[3]?.sending, sends[11]?.sending, ...more]);
    const { items } = await stand.store.inspect.messages('q');
    const bodies = items.map(({ body }) => Number(new TextDecoder().decode(body)));
    expect(bodies).toEqual([0, 4, 12, 99, 99, 99]);
    expect(producer.inFlightBytes).toBe(0);
  });
});
