import { connect } from '@nats-io/transport-node';
import { type Applied, ManualClock, type SessionId, type StoreEvent } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNatsStore } from '../src/index.ts';
import { fresh } from './nats-parts.ts';
import { NatsStand } from './nats-subject.ts';

const reason = skipReason('nats');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;

let stand: NatsStand;

describe.skipIf(reason !== undefined)('connections of NATS (needs nats-server)', { timeout: 30_000 }, () => {
  beforeAll(async () => {
    stand = await NatsStand.start();
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  test('one that does not hear itself is told of the ends of its own sessions', async () => {
    const connection = await connect({ port: stand.server.port, noEcho: true });
    // Nothing is found out by time.
    const clock = new ManualClock();
    await using store = await createNatsStore({ connection, clock, closesConnection: true });
    const session = await store.session({ ttlMs: 60_000 });
    const observing = store.observe(session.id);
    await store.get(`${fresh()}/a`);
    await session[Symbol.asyncDispose]();
    expect(await observing).toBeUndefined();
  });

  test('one that was closed is told as what it is, and ends no watch', async () => {
    const connection = await stand.connect();
    const store = await createNatsStore({ connection });
    await connection.close();
    await expect(store.get('p/a')).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
    const observing = store.observe('x'.repeat(22) as SessionId, { deadlineMs: 100 });
    await expect(observing).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    const watch = store.watch('p/', 0 as never, { signal: controller.signal })[Symbol.asyncIterator]();
    const next = watch.next();
    controller.abort();
    expect(await next).toMatchObject({ done: true });
    await store[Symbol.asyncDispose]();
  });

  test('nothing is heard for a watch any more that nobody goes on with when the store is closed', async () => {
    const connection = await stand.connect();
    const { subscriptions } = (connection as never as { protocol: { subscriptions: { size(): number } } })
      .protocol;
    const before = subscriptions.size();
    const store = await createNatsStore({ connection });
    const partition = fresh();
    await store.put(`${partition}/a`, bytes(''), absent);
    const { signal } = new AbortController();
    const watch = store.watch(`${partition}/`, 0 as never, { signal })[Symbol.asyncIterator]();
    await watch.next();
    await store[Symbol.asyncDispose]();
    expect(subscriptions.size()).toBe(before);
    await connection.close();
  });

  test('a watch says so where the store has gone back and has come to the same revision by other changes', async () => {
    await using own = await NatsStand.start();
    await using store = await own.open();
    const admin = await own.connect();
    const ask = async (call: string, query: object = {}): Promise<{ config: object }> =>
      (await admin.request(`$JS.API.STREAM.${call}.QUORATE`, JSON.stringify(query))).json();
    const first = (await store.put('p/a', bytes('1'), absent)) as Applied;
    const controller = new AbortController();
    const watch = store.watch('p/', first.revision, { signal: controller.signal })[Symbol.asyncIterator]();
    const events: StoreEvent[] = [];
    const next = watch.next().then(({ value }) => void events.push(value));
    await store.get('p/a');
    const { config } = await ask('INFO');
    await ask('DELETE');
    await ask('CREATE', config);
    await using other = await own.open();
    const again = (await other.put('p/b', bytes('2'), absent)) as Applied;
    expect(again.revision).toBe(first.revision);
    own.linkOf(store).reset();
    await next;
    expect(events).toEqual([{ type: 'resync' }]);
    // It may have looked before the link broke, which then breaks while the list is asked for.
    await expect.poll(async () => (await store.list('p/')).entries.map(({ key }) => key)).toEqual(['p/b']);
    controller.abort();
    await admin.close();
  });
});
