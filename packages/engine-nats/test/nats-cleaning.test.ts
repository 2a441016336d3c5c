import type { NatsConnection } from '@nats-io/nats-core';
import type { SessionId, Store } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StreamApi } from '../src/host/stream-api.ts';
import { apiOf, cleanerOf, countOf, fresh, lastOf, sessionsOf, until } from './nats-parts.ts';
import { NatsStand } from './nats-subject.ts';

const reason = skipReason('nats');
const nothing = new Uint8Array();
const absent = { absent: true } as const;
const ttlMs = 10_000;

let stand: NatsStand;
let store: Store;
let connection: NatsConnection;

/** Opens sessions that nobody renews. */
async function abandoned(count: number): Promise<readonly SessionId[]> {
  const api = apiOf(connection);
  const sessions = sessionsOf(api, api.requests.clock);
  return Promise.all(Array.from({ length: count }, () => sessions.open(ttlMs)));
}

describe.skipIf(reason !== undefined)('cleaning up on NATS (needs nats-server)', { timeout: 30_000 }, () => {
  beforeEach(async () => {
    stand = await NatsStand.start();
    store = await stand.open();
    connection = await stand.connect();
  });
  afterEach(async () => {
    await connection.close();
    await store[Symbol.asyncDispose]();
    await stand[Symbol.asyncDispose]();
  });

  test('a session that has ended stays so when the server is killed', async () => {
    for (let index = 0; index < 40; index++) await store.put(`p/${index}`, new Uint8Array(1000), absent);
    const session = await store.session({ ttlMs: 60_000 });
    await session[Symbol.asyncDispose]();
    await stand.server.kill();
    await stand.server.restart();
    await until(async () => (await lastOf(connection, `s.${session.id}`).catch(() => 0)) !== 0);
    expect(await lastOf(connection, `s.${session.id}`)).toBeUndefined();
  });

  test('what cannot be cleaned up keeps nothing else from it', async () => {
    const [bad, good] = [fresh(), fresh()];
    const [session] = (await abandoned(1)) as [SessionId];
    await store.put(`${good}/a`, nothing, absent, { session });
    await connection.request(`QUORATE.m.${'y'.repeat(22)}.${bad}`, nothing);
    await connection.request(`QUORATE.p.${bad}`, 'nothing of ours');
    await connection.request(`QUORATE.s.${'x'.repeat(22)}`, 'nor this');
    const cleaner = cleanerOf(apiOf(connection));
    await until(async () => {
      await cleaner.pass(1000);
      return (await store.list(`${good}/`)).entries.length === 0;
    });
    expect(await countOf(connection, `s.*`)).toBe(1);
    cleaner.close();
  });

  test('what a session has that lives is left alone, where the list of sessions is not whole', async () => {
    const partition = fresh();
    const session = await store.session({ ttlMs: 60_000 });
    await store.put(`${partition}/a`, nothing, absent, { session: session.id });
    const [other] = (await abandoned(1)) as [SessionId];
    const api = apiOf(connection);
    const subjects = api.subjects.bind(api);
    api.subjects = async pattern =>
      (await subjects(pattern)).filter(subject => subject !== `QUORATE.s.${session.id}`);
    const cleaner = cleanerOf(api);
    await until(async () => {
      await cleaner.pass(1000);
      return (await lastOf(connection, `s.${other}`)) === undefined;
    });
    expect((await store.list(`${partition}/`)).entries.length).toBe(1);
    cleaner.close();
  });

  test('all of many sessions that died at once are ended soon after their time to live', async () => {
    await abandoned(1500);
    const cleaner = cleanerOf(apiOf(connection));
    await until(async () => {
      await cleaner.pass(100);
      return (await countOf(connection, 's.*')) === 0;
    });
    expect(cleaner.clock.monotonicMs()).toBeLessThan(2 * ttlMs);
    cleaner.close();
  });

  test('partitions are forgotten as fast as many come and go', async () => {
    const names = Array.from({ length: 300 }, fresh);
    for (const name of names) {
      const put = await store.put(`${name}/a`, nothing, absent);
      if (put.outcome !== 'applied') throw new Error(put.outcome);
      await store.delete(`${name}/a`, { created: put.revision });
    }
    const cleaner = cleanerOf(apiOf(connection), Date.now() + 2 * 3_600_000);
    await until(async () => {
      await cleaner.pass(1000);
      return (await countOf(connection, 'p.*')) === 0;
    });
    expect(cleaner.clock.monotonicMs()).toBeLessThan(300_000);
    cleaner.close();
  });

  test('of a session that has died others are told once, however many find it so', async () => {
    const [session] = (await abandoned(1)) as [SessionId];
    const told: string[] = [];
    connection.subscribe('QUORATE-ends', { callback: (_, message) => void told.push(message.string()) });
    const clients = [1, 2, 3].map(() => cleanerOf(apiOf(connection)));
    for (const { sessions } of clients) await sessions.look(session);
    for (const { clock, sessions } of clients) {
      clock.advance(2 * ttlMs);
      expect(await sessions.look(session)).toBeUndefined();
    }
    await connection.flush();
    expect(told).toEqual([session]);
    for (const client of clients) client.close();
  });
});

test('lists of subjects that the server gives in pages are read whole', async () => {
  const all = Array.from({ length: 25 }, (_, index) => `QUORATE.s.${index}`);
  const requests = {
    request: async (_: string, payload: string) => {
      const { offset = 0 } = JSON.parse(payload) as { offset?: number };
      const subjects = Object.fromEntries(all.slice(offset, offset + 10).map(subject => [subject, 1]));
      return {
        data: Buffer.from(JSON.stringify({ state: { subjects }, total: all.length, limit: 10, offset })),
      };
    },
  };
  const api = new StreamApi(requests as never, 'QUORATE', '$JS.API');
  expect(await api.subjects('QUORATE.s.*')).toEqual(all);
});
