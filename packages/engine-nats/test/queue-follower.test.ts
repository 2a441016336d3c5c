import type { NatsConnection, Payload, PublishOptions } from '@nats-io/nats-core';
import { ManualClock, type MessageId, type QueueStore, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openQueueStore } from '../src/host/queue/create-nats-queue-store.ts';
import { ServerTime } from '../src/host/queue/server-time.ts';
import { decodeRecord } from '../src/queue/queue-record.ts';
import { QueueStand } from './queue-subject.ts';

const reason = skipReason('nats');
const stream = 'QUORATE-QUEUE';
const all = { messagesMax: 100, leaseMs: 600_000, owner: 'o' };
const acknowledge = { type: 'acknowledge' } as const;
/** An image every few messages, and a second until something may have been missed. */
const shortPace = { bytesMin: 6000, certainMs: 1000 };
const slow = { timeout: 10_000, interval: 20 };
let stand: QueueStand;
let connection: NatsConnection;
let names = 0;

const fresh = (): string => `f${++names}`;
const wall = (): ManualClock => new ManualClock({ wallMs: systemClock.wallMs() });

async function ask(name: string, query: object): Promise<Record<string, never>> {
  return (await connection.request(`$JS.API.${name}`, JSON.stringify(query))).json();
}

/** The number of the first message on a subject, or of the last; 0 where there is none. */
async function sequenceOf(query: object): Promise<number> {
  const { message } = (await ask(`STREAM.MSG.GET.${stream}`, query)) as { message?: { seq: number } };
  return message?.seq ?? 0;
}
const firstOf = (subject: string): Promise<number> =>
  sequenceOf({ next_by_subj: `${stream}.${subject}`, seq: 1 });
const lastOf = (subject: string): Promise<number> => sequenceOf({ last_by_subj: `${stream}.${subject}` });

async function consumerCount(): Promise<number> {
  const { state } = (await ask(`STREAM.INFO.${stream}`, {})) as unknown as {
    state: { consumer_count: number };
  };
  return state.consumer_count;
}

/** One message comes and goes. */
async function passOne(store: QueueStore, queue: string): Promise<void> {
  await store.put([{ queue, message: { body: new Uint8Array(100) } }]);
  const leases = await store.lease(queue, all);
  await store.settle(leases.map(lease => ({ lease, action: acknowledge })));
}

/** Messages come and go until what the partition holds was written down. @returns the number of its first record */
async function passUntilImage(store: QueueStore, partition: string): Promise<number> {
  while ((await lastOf(`h.${partition}`)) === 0) await passOne(store, `${partition}/q`).catch(() => {});
  return firstOf(`c.${partition}`);
}

describe.skipIf(reason !== undefined)('who follows a queue (needs nats-server)', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    stand = await QueueStand.start();
    connection = await stand.connect();
  });
  afterAll(async () => {
    await connection.close();
    await stand[Symbol.asyncDispose]();
  });

  test('does not take what it did before it let go of a partition for what it does now', async () => {
    const [p, clock] = [fresh(), wall()];
    const q = `${p}/q`;
    const pace = { bytesMin: 2 ** 26, certainMs: 10_000 };
    await using other = await stand.open({}, pace);
    await using store = await stand.open({ clock }, pace);
    // It takes a while until all of it was read again.
    const body = new Uint8Array(200_000);
    for (let count = 0; count < 100; count++) await other.put([{ queue: q, message: { body } }]);
    const put = (id: string): ReturnType<QueueStore['put']> =>
      store.put([{ queue: q, message: { id: id as MessageId, body: new Uint8Array() } }]);
    expect(await put('before')).toEqual([{ outcome: 'applied', id: 'before', duplicate: false }]);
    for (let count = 0; count < 3; count++) clock.advance(30_000);
    expect(await put('now')).toEqual([{ outcome: 'applied', id: 'now', duplicate: false }]);
  });

  test('keeps a partition that is asked for in the moment in which it would let go of it', async () => {
    const [p, clock] = [fresh(), wall()];
    const q = `${p}/q`;
    const before = await consumerCount();
    const store = await stand.open({ clock });
    await store.put([{ queue: q, message: { id: 'a' as MessageId, body: new Uint8Array() } }]);
    clock.advance(89_999);
    const leasing = store.lease(q, all);
    clock.advance(1);
    expect((await leasing).map(({ id }) => id)).toEqual(['a']);
    // It is let go of later all the same.
    for (let count = 0; count < 3; count++) clock.advance(30_000);
    await expect.poll(consumerCount, slow).toBeLessThanOrEqual(before);
    await store[Symbol.asyncDispose]();
  });

  test('cuts the log off though images come faster than they may', async () => {
    const [p, clock] = [fresh(), wall()];
    await using store = await stand.open({ clock }, shortPace);
    await passOne(store, `${p}/q`);
    const first = await firstOf(`c.${p}`);
    for (let [round, head] = [0, 0]; round < 4; round++) {
      for (const before = head; head === before; head = await lastOf(`h.${p}`))
        await passOne(store, `${p}/q`);
      clock.advance(1500);
    }
    await expect.poll(() => firstOf(`c.${p}`), slow).toBeGreaterThan(first);
  });

  test('cuts the log off also where who made the image has ended', async () => {
    const [p, clock] = [fresh(), wall()];
    const maker = await stand.open({ clock }, shortPace);
    const first = await passUntilImage(maker, p);
    await maker[Symbol.asyncDispose]();
    await using other = await stand.open({ clock }, shortPace);
    await other.inspect.depth(`${p}/q`);
    clock.advance(1999);
    await other.inspect.depth(`${p}/q`);
    expect(await firstOf(`c.${p}`)).toBe(first);
    clock.advance(1);
    await expect.poll(() => firstOf(`c.${p}`), slow).toBeGreaterThan(first);
  });

  test('cuts nothing off where the server has lost the image', async () => {
    const [p, clock] = [fresh(), wall()];
    await using store = await stand.open({ clock }, shortPace);
    const first = await passUntilImage(store, p);
    await ask(`STREAM.PURGE.${stream}`, { filter: `${stream}.h.${p}` });
    clock.advance(2000);
    // By then it has asked what head there is.
    for (let count = 0; count < 20; count++) await store.inspect.depth(`${p}/q`);
    expect(await firstOf(`c.${p}`)).toBe(first);
  });

  test('cuts nothing off before its time where the server has lost the image and another was made', async () => {
    const [p, clock] = [fresh(), wall()];
    await using store = await stand.open({ clock }, shortPace);
    const first = await passUntilImage(store, p);
    clock.advance(1900);
    stand.linkOf(store).reset();
    await ask(`STREAM.PURGE.${stream}`, { filter: `${stream}.h.${p}` });
    await passUntilImage(store, p);
    clock.advance(1900);
    for (let count = 0; count < 20; count++) await store.inspect.depth(`${p}/q`);
    expect(await firstOf(`c.${p}`)).toBe(first);
    clock.advance(100);
    await expect.poll(() => firstOf(`c.${p}`), slow).toBeGreaterThan(first);
  });

  test('asks for an image again where it could not be asked for', async () => {
    const p = fresh();
    const own = await stand.connect();
    const publish = own.publish.bind(own);
    let refused = 0;
    own.publish = (subject: string, payload?: Payload, options?: PublishOptions): void => {
      const steps = subject === `${stream}.c.${p}` ? decodeRecord(payload as Uint8Array).steps : [];
      if (refused > 0 || !steps.some(({ type }) => type === 'image')) publish(subject, payload, options);
      else {
        refused++;
        throw new Error('Not now');
      }
    };
    const pace = { bytesMin: 6000, certainMs: 150 };
    await using store = await openQueueStore({ connection: own, closesConnection: true }, pace);
    // What shares its record with the question is refused with it.
    for (let count = 0; count < 30; count++) await passOne(store, `${p}/q`).catch(() => {});
    expect(refused).toBe(1);
    await expect.poll(() => lastOf(`h.${p}`), slow).toBeGreaterThan(0);
  });

  test('is told where a part of an image is missing', async () => {
    const p = fresh();
    await using store = await stand.open({}, { bytesMin: 6000, certainMs: 60_000 });
    const body = new Uint8Array(100_000);
    const puts = [1, 2, 3].map(id => ({ queue: `${p}/q`, message: { id: `${id}` as MessageId, body } }));
    await store.put(puts);
    await expect.poll(() => lastOf(`h.${p}`), slow).toBeGreaterThan(0);
    await ask(`STREAM.PURGE.${stream}`, { filter: `${stream}.i.${p}.>` });
    await using other = await stand.open();
    const asked = other.inspect.depth(`${p}/q`, { deadlineMs: 5000 });
    await expect(asked).rejects.toMatchObject({ code: 'UNSUPPORTED', outcome: 'not-applied' });
    await expect(asked).rejects.toThrow(new RegExp(`${stream}.c.${p} .* a part of it is missing`));
  });

  test('knows what time it is though it has heard late of the last record', async () => {
    const q = `${fresh()}/q`;
    const pace = { bytesMin: 2 ** 26, certainMs: 10_000 };
    await using store = await stand.open({}, pace);
    await using other = await stand.open({}, pace);
    let hints = 0;
    other.watch(q, () => hints++);
    expect(await other.lease(q, all)).toEqual([]);
    stand.linkOf(other).cut();
    // So much that the server has long said that it begins when the last of it comes.
    const body = new Uint8Array(500_000);
    for (let count = 0; count < 20; count++) await store.put([{ queue: `${q}-other`, message: { body } }]);
    const readyAtMs = (await store.now()) + 2500;
    await store.put([{ queue: q, message: { id: 'a' as MessageId, body: new Uint8Array(), readyAtMs } }]);
    await expect.poll(() => store.now(), slow).toBeGreaterThan(readyAtMs - 1200);
    stand.linkOf(other).heal();
    await expect.poll(() => hints, slow).toBeGreaterThan(0);
    await expect.poll(() => store.now(), slow).toBeGreaterThan(readyAtMs + 200);
    expect(await other.lease(q, all)).toHaveLength(1);
  });
});

test('the server’s time does not go back because of what comes late, but where it is told', () => {
  const clock = new ManualClock();
  const time = new ServerTime(clock);
  time.set(100_000);
  expect(time.sample(99_500)).toBe(true);
  expect(time.sample(40_000)).toBe(false);
  expect(time.nowMs()).toBe(100_000);
  clock.advance(10);
  expect(time.sample(100_050)).toBe(true);
  expect(time.nowMs()).toBe(100_050);
  time.set(90_000);
  expect(time.nowMs()).toBe(90_000);
});
