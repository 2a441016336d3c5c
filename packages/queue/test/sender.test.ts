import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { type PutResult, QuorateError, sleep } from '@quorate/core';
import type { MemoryQueueStore } from '@quorate/engine-memory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesCodec } from '../src/index.ts';
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

  it('makes a put again of which only some messages are known to be in, for all that it is to reach', async () => {
    const faults: QueueFaults = {
      random: stand.random,
      capabilities: { crossProcess: true, atomicPut: false },
    };
    const store = new FaultyQueueStore(stand.store.open(), faults, stand.clock);
    const topic = stand.queues({}, { store }).topic<string>('news');
    const queues: string[] = [];
    for (const name of ['a', 'b', 'c']) queues.push((await topic.subscribe(name)).queue);
    const put = store.put.bind(store);
    let putCount = 0;
    store.put = async (puts, options) => {
      if (++putCount > 1) return put(puts, options);
      const [first] = await put(puts.slice(0, 1), options);
      const cause = new QuorateError('UNAVAILABLE', 'Half of the answer is lost', { retryable: true });
      return puts.map((_, index) => (index === 0 ? (first as PutResult) : { outcome: 'unknown', cause }));
    };
    const published = await stand.until(topic.publish('x'));
    expect([published.subscriptionCount, putCount]).toEqual([3, 2]);
    expect(await Promise.all(queues.map(queue => stand.count(queue)))).toEqual([1, 1, 1]);
  });

  it('puts no more than 4 MiB in a call, but for a message that is larger', async () => {
    await stand.close();
    stand = new QueueStand(1, { bodyMaxBytes: 2 ** 23 });
    const sizes: number[] = [];
    const store = stand.store.open();
    const put = store.put.bind(store);
    store.put = (puts, options) => {
      sizes.push(puts.reduce((sum, { message }) => sum + message.body.length, 0));
      return put(puts, options);
    };
    const producer = stand.queues({}, { store, codec: bytesCodec }).producer<Uint8Array>('q');
    const body = (mebibytes: number): Uint8Array => new Uint8Array(mebibytes * 2 ** 20);
    await producer.sendMany([1.5, 1.5, 1, 1, 5, 1, 3, 1].map(body));
    expect(sizes.map(size => size / 2 ** 20)).toEqual([4, 1, 5, 4, 1]);
  });
});

describe('many messages', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  /** A store that has at most so many bytes of bodies at a time, and takes a while for each call. */
  const slow = (): { readonly store: MemoryQueueStore; readonly callsMs: number[] } => {
    const store = stand.store.open();
    const put = store.put.bind(store);
    const callsMs: number[] = [];
    store.put = async (puts, options) => {
      callsMs.push(stand.clock.monotonicMs());
      await sleep(stand.clock, 100);
      return put(puts, options);
    };
    return { store, callsMs };
  };

  it('of more bytes than may wait are sent all the same, in order, however large each is', async () => {
    const { store } = slow();
    const producer = stand
      .queues({}, { store, codec: bytesCodec })
      .producer<Uint8Array>('q', { inFlightMaxBytes: 1000 });
    const sizes = [300, 300, 300, 300, 700, 600, 2000, 1, 999, 1, 1000, 5, 5];
    let most = 0;
    const bodies = sizes.map(size => new Uint8Array(size));
    const sent = await stand.until(
      producer.sendMany(bodies, (_, index) => {
        most = Math.max(most, producer.inFlightBytes);
        return { id: `${index}` };
      }),
    );
    expect(sent.map(({ id }) => id)).toEqual(sizes.map((_, index) => `${index}`));
    const { items } = await stand.store.inspect.messages('q');
    expect(items.map(({ body }) => body.length)).toEqual(sizes);
    expect([most, producer.inFlightBytes]).toEqual([2000, 0]);
  });

  it('of which one is wrong, or nobody waits for any more, reject as the first of them', async () => {
    const { store, callsMs } = slow();
    const producer = stand
      .queues({}, { store, codec: bytesCodec })
      .producer<unknown>('q', { inFlightMaxBytes: 1000 });
    const body = new Uint8Array(600);
    const wrong = producer.sendMany([body, 'text', body, body]);
    await expect(stand.until(wrong)).rejects.toThrow('must be a Uint8Array: received text');
    expect(await stand.count()).toBe(3);
    callsMs.length = 0;
    const late = producer.sendMany([body, body, body, body], { deadlineMs: 250 });
    await expect(stand.until(late)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await stand.pass(500);
    expect(callsMs).toHaveLength(3);
    const ended = producer.sendMany([body, body, body]);
    ended.catch(() => {});
    await stand.until(producer[Symbol.asyncDispose]());
    await expect(ended).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
  });

  it('of two callers share what may wait', async () => {
    const { store } = slow();
    const producer = stand
      .queues({}, { store, codec: bytesCodec })
      .producer<Uint8Array>('q', { inFlightMaxBytes: 1000 });
    const bodies = Array.from({ length: 10 }, () => new Uint8Array(600));
    const both = [producer.sendMany(bodies), producer.sendMany(bodies)];
    await stand.until(Promise.all(both));
    expect(await stand.count()).toBe(20);
  });
});
