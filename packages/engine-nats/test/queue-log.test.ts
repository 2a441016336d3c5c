import type { NatsConnection } from '@nats-io/nats-core';
import { type Clock, ManualClock, type MessageId, type QueueStore, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNatsQueueStore } from '../src/index.ts';
import { streamConfig } from '../src/stream-settings.ts';
import { QueueStand } from './queue-subject.ts';

const reason = skipReason('nats');
const stream = 'QUORATE-QUEUE';
const large = 100_000;
let stand: QueueStand;
let connection: NatsConnection;
let names = 0;

const fresh = (): string => `p${++names}`;

async function ask(name: string, query: object): Promise<Record<string, never>> {
  const answer = await connection.request(`$JS.API.${name}`, JSON.stringify(query));
  return answer.json();
}

/** Until it holds. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

/** How many messages there are on a subject. */
async function countOf(subject: string): Promise<number> {
  const filter = `${stream}.${subject}`;
  const { state } = (await ask(`STREAM.INFO.${stream}`, { subjects_filter: filter })) as unknown as {
    state: { subjects?: Record<string, number> };
  };
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

/** Puts messages of a size, one after the other; their ids are their numbers. */
async function fill(store: QueueStore, queue: string, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    const body = new Uint8Array(large).fill(number);
    const [result] = await store.put([{ queue, message: { id: `${number}` as MessageId, body } }]);
    expect(result).toMatchObject({ outcome: 'applied', duplicate: false });
  }
}

/** Leases so many messages, and settles them. */
async function take(store: QueueStore, queue: string, count: number): Promise<readonly string[]> {
  const taken = await store.lease(queue, { messagesMax: count, leaseMs: 60_000, owner: 'o' });
  for (const { id, body } of taken) expect([body.length, body[0]]).toEqual([large, Number(id) % 256]);
  const action = { type: 'acknowledge' } as const;
  const results = await store.settle(taken.map(lease => ({ lease, action })));
  expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
  return taken.map(({ id }) => id);
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `${from + index}`);

/** A client whose time only passes when it is told. */
async function openWith(clock: Clock): Promise<QueueStore> {
  return stand.open({ clock });
}

const wall = (): ManualClock => new ManualClock({ wallMs: systemClock.wallMs() });

describe.skipIf(reason !== undefined)('the log of a queue (needs nats-server)', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    stand = await QueueStand.start();
    connection = await stand.connect();
  });
  afterAll(async () => {
    await connection.close();
    await stand[Symbol.asyncDispose]();
  });

  test('is written down when it has grown, cut off later, and gone on with by who comes new', async () => {
    const [p, clock] = [fresh(), wall()];
    const q = `${p}/q`;
    await using store = await openWith(clock);
    await fill(store, q, 0, 60);
    await until(async () => (await countOf(`h.${p}`)) === 1);
    expect(await countOf(`i.${p}.>`)).toBeGreaterThan(10);
    const before = await countOf(`c.${p}`);
    expect(before).toBeGreaterThanOrEqual(60);
    // What is not needed any more goes only when everybody has had time to read it.
    clock.advance(19_999);
    await store.inspect.depth(q);
    expect(await countOf(`c.${p}`)).toBeGreaterThan(before);
    clock.advance(1);
    await until(async () => (await countOf(`c.${p}`)) < 40);
    await using other = await stand.open();
    expect(await take(other, q, 20)).toEqual(numbers(0, 20));
    const again = [{ queue: q, message: { id: '30' as MessageId, body: new Uint8Array() } }];
    expect(await other.put(again)).toMatchObject([{ duplicate: true }]);
    // The next image replaces the first.
    await fill(store, q, 60, 140);
    await until(async () => (await countOf(`i.${p}.>`)) > 30);
    clock.advance(20_000);
    await until(async () => (await countOf(`c.${p}`)) < 60);
    await stand.server.kill();
    await stand.server.restart();
    await using last = await stand.open();
    await expect.poll(() => last.inspect.depth(q).catch(() => undefined)).toMatchObject({ readyCount: 120 });
    expect(await take(last, q, 200)).toEqual(numbers(20, 140));
    await expect.poll(() => take(store, q, 1).catch(() => undefined)).toEqual([]);
  });

  test('is written down with a message that its headers have made larger than the largest', async () => {
    const p = fresh();
    const q = `${p}/q`;
    await using store = await stand.open();
    const { bodyMaxBytes } = store.capabilities;
    await store.put([{ queue: q, message: { body: new Uint8Array(bodyMaxBytes).fill(7) } }]);
    const options = { messagesMax: 1, leaseMs: 60_000, owner: 'o' };
    const headers: Record<string, string> = {};
    for (const name of ['a', 'b', 'c', 'd']) {
      headers[name] = name.repeat(900_000);
      const [lease] = await store.lease(q, options);
      const action = { type: 'release', delayMs: 0, headers: { [name]: headers[name] } } as const;
      expect(await store.settle([{ lease: lease!, action }])).toEqual([{ outcome: 'applied' }]);
    }
    await until(async () => (await countOf(`h.${p}`)) === 1);
    await using other = await stand.open();
    const [lease] = await other.lease(q, options);
    expect(lease!.headers).toEqual(headers);
    expect(lease!.body).toEqual(new Uint8Array(bodyMaxBytes).fill(7));
  });

  test.each([
    // Less than what makes its consumer count as gone.
    ['slept', (clock: ManualClock) => clock.advance(11_000)],
    ['was suspended with its machine', (clock: ManualClock) => clock.stepWall(11_000)],
  ])('is not misread by who %s while what it had not read was cut off', async (_, sleep) => {
    const [p, clock, sleeperClock] = [fresh(), wall(), wall()];
    const q = `${p}/q`;
    await using store = await openWith(clock);
    await using sleeper = await openWith(sleeperClock);
    await fill(store, q, 0, 1);
    expect((await sleeper.inspect.depth(q)).readyCount).toBe(1);
    stand.linkOf(sleeper).mute();
    await fill(store, q, 1, 60);
    expect(await take(store, q, 20)).toEqual(numbers(0, 20));
    await until(async () => (await countOf(`h.${p}`)) === 1);
    sleep(sleeperClock);
    clock.advance(20_000);
    await until(async () => (await countOf(`c.${p}`)) < 40);
    stand.linkOf(sleeper).heal();
    await expect
      .poll(() => sleeper.inspect.depth(q).catch(() => undefined))
      .toMatchObject({ readyCount: 40 });
    await expect.poll(() => take(sleeper, q, 100).catch(() => undefined)).toEqual(numbers(20, 60));
  });

  test('is read anew by who has seen what the server lost', async () => {
    const p = fresh();
    const q = `${p}/q`;
    await using store = await stand.open();
    await using other = await stand.open();
    for (const each of [store, other]) await each.inspect.depth(q);
    await fill(store, q, 0, 3);
    expect((await other.inspect.depth(q)).readyCount).toBe(3);
    expect((await store.inspect.depth(q)).readyCount).toBe(3);
    const { state } = (await ask(`STREAM.INFO.${stream}`, {})) as unknown as { state: { last_seq: number } };
    // The last message that was put is lost, with the looks behind it.
    for (let sequence = state.last_seq; sequence > state.last_seq - 3; sequence--) {
      await ask(`STREAM.MSG.DELETE.${stream}`, { seq: sequence });
    }
    for (const each of [store, other]) stand.linkOf(each).reset();
    await using late = await stand.open();
    expect((await late.inspect.depth(q)).readyCount).toBe(2);
    for (const each of [store, other]) {
      await expect.poll(() => each.inspect.depth(q).catch(() => undefined)).toMatchObject({ readyCount: 2 });
    }
    expect(await take(store, q, 10)).toEqual(['0', '1']);
  });

  test('is read anew where the stream was made anew, with as many messages', async () => {
    const name = 'ANEW';
    const q = `${fresh()}/q`;
    const store = await stand.open({ name });
    await fill(store, q, 0, 3);
    expect((await store.inspect.depth(q)).readyCount).toBe(3);
    await ask(`STREAM.DELETE.${name}`, {});
    await using other = await stand.open({ name });
    await fill(other, q, 10, 11);
    for (let count = 0; count < 5; count++) await other.inspect.depth(q);
    stand.linkOf(store).reset();
    await expect.poll(() => take(store, q, 10).catch(() => undefined)).toEqual(['10']);
    await store[Symbol.asyncDispose]();
  });

  test('that holds something else is refused, and says where', async () => {
    const p = fresh();
    await using store = await stand.open();
    await fill(store, `${p}/q`, 0, 1);
    await connection.request(`${stream}.c.${p}`, 'something else');
    const asked = store.inspect.depth(`${p}/q`);
    await expect(asked).rejects.toMatchObject({ outcome: 'not-applied' });
    const refused = { code: 'UNSUPPORTED', outcome: 'not-applied' };
    await expect(store.inspect.depth(`${p}/q`)).rejects.toMatchObject(refused);
    await using other = await stand.open();
    await expect.poll(() => other.inspect.depth(`${p}/q`).catch(thrown => thrown)).toMatchObject(refused);
    await expect(other.inspect.depth(`${p}/q`)).rejects.toThrow(
      new RegExp(`${stream}.c.${p} cannot be read`),
    );
  });

  test('is let go of when nobody has used it for a while, and followed again when somebody does', async () => {
    const [p, clock] = [fresh(), wall()];
    const q = `${p}/q`;
    await using store = await openWith(clock);
    await fill(store, q, 0, 1);
    const consumers = async (): Promise<number> => {
      const { state } = (await ask(`STREAM.INFO.${stream}`, {})) as unknown as {
        state: { consumer_count: number };
      };
      return state.consumer_count;
    };
    const before = await consumers();
    for (let count = 0; count < 3; count++) clock.advance(30_000);
    await until(async () => (await consumers()) < before);
    expect(await take(store, q, 1)).toEqual(['0']);
  });

  test('that has no room says so, and goes on when it has', async () => {
    const name = 'FULL';
    const config = { ...streamConfig(name), max_bytes: 10 * large };
    await ask(`STREAM.CREATE.${name}`, config);
    await using store = await stand.open({ name });
    const q = `${fresh()}/q`;
    const full = { code: 'STORE_FULL', outcome: 'not-applied' };
    await expect(fill(store, q, 0, 20)).rejects.toMatchObject(full);
    const unnamed = { body: new Uint8Array(large) };
    await expect(store.put([{ queue: q, message: unnamed }])).rejects.toMatchObject(full);
    await ask(`STREAM.UPDATE.${name}`, { ...config, max_bytes: 20 * large });
    expect(await take(store, q, 20)).toEqual(numbers(0, 9));
    await fill(store, q, 9, 10);
    expect(await take(store, q, 20)).toEqual(['9']);
  });

  test('leaves a connection of its user open and as it was', async () => {
    const own = await stand.connect();
    const { subscriptions, listeners } = (
      own as never as { protocol: { subscriptions: { size(): number }; listeners: unknown[] } }
    ).protocol;
    const before = [subscriptions.size(), listeners.length];
    const store = await createNatsQueueStore({ connection: own });
    const q = `${fresh()}/q`;
    store.watch(q, () => {});
    await fill(store, q, 0, 1);
    // One that is just beginning to follow a partition.
    const asked = store.inspect.depth(`${fresh()}/q`);
    const waiting = store.lease(`${fresh()}/q`, {
      messagesMax: 1,
      leaseMs: 1000,
      owner: 'o',
      waitMs: Number.POSITIVE_INFINITY,
    });
    const refused = [asked, waiting].map(each => expect(each).rejects.toMatchObject({ code: 'CLOSED' }));
    await store[Symbol.asyncDispose]();
    await Promise.all(refused);
    await own.flush();
    await expect.poll(() => [subscriptions.size(), listeners.length]).toEqual(before);
    expect(own.isClosed()).toBe(false);
    await own.close();
  });

  test('takes up to the most of a message, and refuses what does not fit one, with the limit', async () => {
    const p = fresh();
    const q = `${p}/q`;
    await using store = await stand.open();
    await fill(store, q, 0, 1);
    const [lease] = await store.lease(q, { messagesMax: 1, leaseMs: 60_000, owner: 'o' });
    const message = { body: new Uint8Array(store.capabilities.bodyMaxBytes) };
    const action = { type: 'acknowledge' } as const;
    const puts = [1, 2].map(() => ({ queue: q, message }));
    const tooLarge = store.settle([{ lease: lease!, action, puts }]);
    await expect(tooLarge).rejects.toThrow(RangeError);
    await expect(tooLarge).rejects.toThrow(/message of 1040384 bytes/);
    expect((await store.inspect.depth(q)).leasedCount).toBe(1);
    expect(await store.settle([{ lease: lease!, action, puts: puts.slice(1) }])).toEqual([
      { outcome: 'applied' },
    ]);
  });
});
