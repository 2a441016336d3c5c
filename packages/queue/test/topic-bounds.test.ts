import type { QueueFaults } from '@quorate/conformance';
import { sleep } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytesCodec } from '../src/index.ts';
import { QueueStand, turn } from './queue-stand.ts';

describe('a topic', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  test('gives what is published in one turn to many subscriptions, however much that is together', async () => {
    const topic = stand.queues({}, { codec: bytesCodec }).topic<Uint8Array>('news');
    for (let index = 0; index < 100; index++) await topic.subscribe(`s${index}`);
    const { queue } = await topic.subscribe('s99');
    const body = new Uint8Array(10_000);
    // 100 MB for the store, and 1 MB that waits.
    const published = await stand.until(Promise.all(Array.from({ length: 100 }, () => topic.publish(body))));
    expect(published.every(({ subscriptionCount }) => subscriptionCount === 100)).toBe(true);
    expect(await stand.count(queue)).toBe(100);
  });

  test('makes no more messages at a time than a few puts take', async () => {
    const faults: QueueFaults = {};
    const topic = stand.queues(faults).topic<string>('news');
    for (let index = 0; index < 300; index++) await topic.subscribe(`s${index}`);
    let isHeld = true;
    let [open, headersRead] = [(): void => {}, 0];
    const gate = new Promise<void>(resolve => (open = resolve));
    faults.before = call => (call === 'put' && isHeld ? gate : undefined);
    const options = {
      get lane(): number {
        headersRead++;
        return 1;
      },
    };
    const publishing = Array.from({ length: 50 }, () => topic.publish('x', options));
    await turn();
    // Each message asks for its lane once.
    expect(headersRead).toBeLessThan(1500);
    isHeld = false;
    open();
    await stand.until(Promise.all(publishing));
    expect(headersRead).toBe(50 * 300);
  });

  test('refuses more than may wait, and says when there is room', async () => {
    const faults: QueueFaults = {};
    const topic = stand
      .queues(faults, { codec: bytesCodec })
      .topic<Uint8Array>('news', { inFlightMaxBytes: 1000 });
    await topic.subscribe('s');
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    faults.before = call => (call === 'state.scan' ? gate : undefined);
    const first = topic.publish(new Uint8Array(600));
    await expect(topic.publish(new Uint8Array(600))).rejects.toMatchObject({ code: 'PRODUCER_FULL' });
    await expect(stand.until(topic.ready({ deadlineMs: 100 }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
    const ready = topic.ready();
    open();
    await ready;
    expect(await first).toMatchObject({ subscriptionCount: 1 });
    await topic.ready();
    await topic.publish(new Uint8Array(5000));
  });

  test('waits no longer than its caller, whatever it waits for', async () => {
    const faults: QueueFaults = {};
    const topic = stand.queues(faults).topic<string>('news');
    const { queue } = await topic.subscribe('s');
    faults.before = () => new Promise(() => {});
    const notApplied = { code: 'DEADLINE_EXCEEDED', outcome: 'not-applied' };
    await expect(stand.until(topic.publish('x', { deadlineMs: 500 }), 600)).rejects.toMatchObject(notApplied);
    faults.before = call => (call === 'put' ? new Promise(() => {}) : undefined);
    // What was looked for before has been given up by then.
    await stand.pass(10_000, 500);
    const unknown = { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' };
    await expect(stand.until(topic.publish('y', { deadlineMs: 500 }), 600)).rejects.toMatchObject(unknown);
    delete faults.before;
    await stand.pass(20_000, 500);
    expect(await stand.count(queue)).toBe(0);
  });

  test('keeps the order of what is published, however late it hears of its subscriptions', async () => {
    const faults: QueueFaults = {};
    const topic = stand.queues(faults).topic<number>('news');
    const { queue } = await topic.subscribe('s');
    let scanCount = 0;
    // Each look is answered sooner than the one before.
    faults.before = call =>
      call === 'state.scan' ? sleep(stand.clock, Math.max(1, 500 - 100 * scanCount++)) : undefined;
    const publishing: Promise<unknown>[] = [];
    for (let index = 0; index < 6; index++) {
      publishing.push(topic.publish(index, { key: 'k' }));
      await turn();
    }
    await stand.until(Promise.all(publishing));
    const { items } = await stand.store.inspect.messages(queue);
    expect(items.map(({ body }) => Number(new TextDecoder().decode(body)))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('sends what was published before it is disposed of, and takes no more', async () => {
    const faults: QueueFaults = {};
    const topic = stand.queues(faults).topic<number>('news');
    const { queue } = await topic.subscribe('s');
    faults.before = call => (call === 'state.scan' ? sleep(stand.clock, 300) : undefined);
    const publishing = [topic.publish(1)];
    await turn();
    publishing.push(topic.publish(2));
    const closing = topic[Symbol.asyncDispose]();
    await expect(topic.publish(3)).rejects.toMatchObject({ code: 'CLOSED', outcome: 'not-applied' });
    await stand.until(closing);
    expect(await Promise.all(publishing)).toMatchObject([{ subscriptionCount: 1 }, { subscriptionCount: 1 }]);
    expect(await stand.count(queue)).toBe(2);
  });

  test('gives up what it was told before it was disposed of, where no answer comes', async () => {
    const faults: QueueFaults = { random: stand.random, lost: 1, capabilities: { crossProcess: true } };
    const topic = stand.queues(faults).topic<number>('news', { rememberMs: 3_600_000 });
    const value = new TextEncoder().encode('{"name":"s","queue":"news/~to/s~1"}');
    await stand.store.state.write({ key: 'news/~subscriptions/s', value });
    faults.before = call => {
      faults.lost = call === 'put' ? 1 : 0;
      return undefined;
    };
    const publishing = Array.from({ length: 1500 }, async (_, index) => topic.publish(index));
    await stand.pass(1000);
    const held = topic.publish(-1);
    const outcomes = Promise.allSettled([...publishing, held]);
    await stand.until(topic[Symbol.asyncDispose](), 40_000);
    const codes = (await outcomes).map(each => each.status === 'rejected' && each.reason.code);
    expect(new Set(codes)).toEqual(new Set(['SEND_UNKNOWN', 'CLOSED']));
    expect(codes.at(-1)).toBe('CLOSED');
  });
});
