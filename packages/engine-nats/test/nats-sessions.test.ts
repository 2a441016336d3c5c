import {
  type Applied,
  type Clock,
  type Entry,
  ManualClock,
  QuorateError,
  type Store,
  systemClock,
} from '@quorate/core';
import type { NatsConnection } from '@nats-io/nats-core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Partitions, PartitionsOptions } from '../src/host/partitions.ts';
import type { Sessions } from '../src/host/sessions.ts';
import type { Publication, StreamApi } from '../src/host/stream-api.ts';
import { tokenOf } from '../src/host/subjects.ts';
import { watchPartition } from '../src/host/watch-partition.ts';
import { createNatsStore } from '../src/index.ts';
import { apiOf, countOf, fresh, lastOf, partitionsOf, sessionsOf, until } from './nats-parts.ts';
import { NatsStand } from './nats-subject.ts';

const reason = skipReason('nats');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;
const ttlMs = 10_000;

let stand: NatsStand;
let connection: NatsConnection;

/** A client whose time only passes where the test says so. */
const openAt = (clock: Clock): Promise<Store> => stand.open({ clock, requestTimeoutMs: 1e9 });

/** What a client is made of, without sessions. */
function parts(options: Partial<PartitionsOptions> = {}): { partitions: Partitions; api: StreamApi } {
  const api = apiOf(connection);
  return { partitions: partitionsOf(api, options), api };
}

/** The sessions of a client. */
function sessionsAt(): { sessions: Sessions; clock: ManualClock; api: StreamApi } {
  const clock = new ManualClock();
  const api = apiOf(connection, clock);
  return { sessions: sessionsOf(api, clock), clock, api };
}

/** All entries of a partition. */
async function readAll(partitions: Partitions, token: string): Promise<readonly Entry[]> {
  const query = { prefix: '', createdBefore: Number.POSITIVE_INFINITY, newestFirst: false, limit: 100 };
  return (await partitions.of(token).call(() => (_, replica) => replica.list(query), undefined)).entries;
}

/** Puts keys in a partition that are not there yet. */
function writerTo(partitions: Partitions, token: string): (name: string) => Promise<unknown> {
  return name => {
    const put = { type: 'put' as const, key: `${token}/${name}`, value: bytes('') };
    return partitions.of(token).call(draft => draft.put(put, absent), undefined);
  };
}

/** A connection that hears nothing of what is published in partitions. */
function deafened(open: NatsConnection): NatsConnection {
  const subscribe: NatsConnection['subscribe'] = (subject, options) =>
    open.subscribe(subject, subject.startsWith('QUORATE.p.') ? { callback: () => {} } : options);
  return new Proxy(open, {
    get: (target, name) => {
      if (name === 'subscribe') return subscribe;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

describe.skipIf(reason !== undefined)(
  'sessions and partitions on NATS (needs nats-server)',
  { timeout: 30_000 },
  () => {
    beforeAll(async () => {
      stand = await NatsStand.start();
      connection = await stand.connect();
      await (await stand.open())[Symbol.asyncDispose]();
    });
    afterAll(async () => {
      await connection.close();
      await stand[Symbol.asyncDispose]();
    });

    test('a session is ended by who has seen it unrenewed for its time to live and the margin, and never earlier', async () => {
      const [owner, { sessions: observer, clock }] = [sessionsAt().sessions, sessionsAt()];
      const session = await owner.open(ttlMs);
      // The margin is 1 % and 10 ms.
      expect(await observer.look(session)).toBe(ttlMs + 110);
      clock.advance(ttlMs + 109);
      expect(await observer.look(session)).toBeCloseTo(1);
      expect(await owner.renew(session)).toBe(true);
      clock.advance(1);
      expect(await observer.look(session)).toBe(ttlMs + 110);
      clock.advance(ttlMs + 110);
      expect(await observer.look(session)).toBeUndefined();
      expect(await lastOf(connection, `s.${session}`)).toBeUndefined();
      expect(await owner.renew(session)).toBe(false);
    });

    test('a session that was renewed after the last look is not ended', async () => {
      const [owner, { sessions: observer, clock, api }] = [sessionsAt().sessions, sessionsAt()];
      const session = await owner.open(ttlMs);
      await observer.look(session);
      clock.advance(2 * ttlMs);
      const look = api.lastOf.bind(api);
      api.lastOf = async subject => {
        const seen = await look(subject);
        await owner.renew(session);
        return seen;
      };
      expect(await observer.look(session)).toBe(0);
      api.lastOf = look;
      expect(await observer.look(session)).toBe(ttlMs + 110);
      expect(await owner.renew(session)).toBe(true);
    });

    test('a renewal whose answer was lost is found, and the next goes on from it', async () => {
      const { sessions: owner, api } = sessionsAt();
      const session = await owner.open(ttlMs);
      const publish = api.publish.bind(api);
      api.publish = async publication => {
        await publish(publication);
        throw new QuorateError('UNAVAILABLE', 'The answer was lost', { outcome: 'unknown' });
      };
      await expect(owner.renew(session)).rejects.toMatchObject({ outcome: 'unknown' });
      api.publish = publish;
      expect(await owner.renew(session)).toBe(true);
      await owner.end(session);
      expect(await lastOf(connection, `s.${session}`)).toBeUndefined();
    });

    test('any open client deletes what a dead session left, also where it came late', async () => {
      await using owner = await openAt(new ManualClock());
      const clock = new ManualClock();
      await using other = await openAt(clock);
      const session = await owner.session({ ttlMs });
      const [one, two] = [fresh(), fresh()];
      const operation = { session: session.id, sequence: 1 };
      await owner.put(`${one}/a`, bytes(''), absent, { session: session.id, operation });
      const isEmpty = async (partition: string): Promise<boolean> => {
        clock.advance(1000);
        return (await other.list(`${partition}/`)).entries.length === 0;
      };
      await until(() => isEmpty(one));
      expect(clock.monotonicMs()).toBeGreaterThan(ttlMs);
      // Where it had something, its death is remembered, also for clients that know nothing of it.
      await using third = await stand.open();
      const put = third.put(`${one}/a`, bytes(''), absent, { session: session.id });
      await expect(put).rejects.toMatchObject({ code: 'SESSION_LOST', outcome: 'not-applied' });
      const repeat = await third.put(`${one}/a`, bytes(''), absent, { operation });
      expect(repeat).toMatchObject({ outcome: 'unknown', cause: { code: 'SESSION_LOST' } });
      // Elsewhere it is found again.
      await third.put(`${two}/late`, bytes(''), absent, { session: session.id });
      await until(() => isEmpty(two));
      await until(async () => (clock.advance(1000), (await countOf(connection, `m.${session.id}.*`)) === 0));
    });

    test('a partition that was empty for an hour is forgotten, and its revisions still grow', async () => {
      await using store = await stand.open();
      const partition = fresh();
      const put = await store.put(`${partition}/a`, bytes(''), absent);
      if (put.outcome !== 'applied') throw new Error(put.outcome);
      await store.delete(`${partition}/a`, { created: put.revision });
      const before = await store.list(`${partition}/`);
      const clock = new ManualClock({ wallMs: Date.now() + 2 * 3_600_000 });
      await using janitor = await openAt(clock);
      await until(
        async () => (clock.advance(1000), (await lastOf(connection, `p.${partition}`)) === undefined),
      );
      expect(await countOf(connection, `p.${partition}`)).toBe(0);
      const { entries, revision } = await janitor.list(`${partition}/`);
      expect(entries).toEqual([]);
      expect(revision).toBeGreaterThan(before.revision);
      const again = await store.put(`${partition}/a`, bytes(''), absent);
      if (again.outcome !== 'applied') throw new Error(again.outcome);
      expect(again.revision).toBeGreaterThan(revision);
      expect((await janitor.get(`${partition}/a`))?.created).toBe(again.revision);
    });

    test('a partition is forgotten only while it is empty, whoever writes meanwhile', async () => {
      const [one, two] = [parts().partitions, parts().partitions];
      for (let round = 0; round < 20; round++) {
        const token = fresh();
        const write = (partitions: Partitions, sequence: number): Promise<unknown> =>
          partitions
            .of(token)
            .call(
              draft => draft.put({ type: 'put', key: `${token}/${sequence}`, value: bytes('') }, absent),
              undefined,
            );
        await write(one, 0);
        const { created } = (await readAll(one, token))[0]!;
        await one.of(token).call(draft => draft.delete(`${token}/0`, { created }), undefined);
        await Promise.all([one.of(token).forget(), write(two, 1), write(two, 2), one.of(token).forget()]);
        expect((await readAll(two, token)).map(({ key }) => key)).toEqual([`${token}/1`, `${token}/2`]);
        expect(await readAll(one, token)).toEqual(await readAll(two, token));
      }
    });

    test('a watch that hears nothing finds changes by looking', async () => {
      const clock = new ManualClock();
      await using store = await stand.open();
      const own = await stand.connect();
      await using deaf = await createNatsStore({
        connection: deafened(own),
        clock,
        closesConnection: true,
        requestTimeoutMs: 1e9,
      });
      const partition = fresh();
      const { revision } = await deaf.list(`${partition}/`);
      const controller = new AbortController();
      const watch = deaf.watch(`${partition}/`, revision, { signal: controller.signal });
      const events = watch[Symbol.asyncIterator]();
      const first = events.next();
      for (const name of ['a', 'b', 'c']) await store.put(`${partition}/${name}`, bytes(name), absent);
      let isTold = false;
      void first.then(() => (isTold = true));
      await until(() => (clock.advance(100), isTold));
      expect((await first).value).toMatchObject({ type: 'put', entry: { key: `${partition}/a` } });
      controller.abort();
    });

    test('a watch that hears of a message before it is stored looks again', async () => {
      const [{ partitions, api }, { partitions: others }] = [parts(), parts()];
      const token = fresh();
      const write = writerTo(others, token);
      await write('a');
      const [{ created }] = (await readAll(partitions, token)) as [Entry];
      const look = api.lastOf.bind(api);
      const before = await look(`QUORATE.p.${token}`);
      let staleLooks = 0;
      api.lastOf = async subject => (staleLooks-- > 0 ? before : look(subject));
      const controller = new AbortController();
      const options = { clock: systemClock, partitions, token };
      const events = watchPartition(options, `${token}/`, created, controller.signal);
      const next = events.next();
      await readAll(partitions, token);
      staleLooks = 3;
      await write('b');
      expect((await next).value).toMatchObject({ type: 'put', entry: { key: `${token}/b` } });
      expect(staleLooks).toBeLessThanOrEqual(0);
      controller.abort();
      expect((await events.next()).done).toBe(true);
    });

    /** Lets time pass until a watch has told, but for while its client asks the server. @returns how long that was, ms */
    function passing(api: StreamApi, clock: ManualClock): (next: Promise<unknown>) => Promise<number> {
      let looks = 0;
      const look = api.lastOf.bind(api);
      api.lastOf = subject => {
        looks++;
        return look(subject).finally(() => looks--);
      };
      return async next => {
        let isTold = false;
        void next.then(() => (isTold = true));
        await until(() => (looks === 0 && clock.advance(10), isTold));
        return clock.monotonicMs();
      };
    }

    test('a watch that hears of a message long before it is stored looks again and again', async () => {
      const [{ partitions, api }, { partitions: others }] = [parts(), parts()];
      const clock = new ManualClock();
      const token = fresh();
      const write = writerTo(others, token);
      await write('a');
      const [{ created }] = (await readAll(partitions, token)) as [Entry];
      const look = api.lastOf.bind(api);
      const before = await look(`QUORATE.p.${token}`);
      const storedMs = clock.monotonicMs() + 5000;
      api.lastOf = async subject => (clock.monotonicMs() < storedMs ? before : look(subject));
      const passed = passing(api, clock);
      const controller = new AbortController();
      const events = watchPartition({ clock, partitions, token }, `${token}/`, created, controller.signal);
      const next = events.next();
      await readAll(partitions, token);
      await write('b');
      await api.requests.connection.flush();
      expect((await passed(next)) - storedMs).toBeLessThan(10_000);
      expect((await next).value).toMatchObject({ type: 'put', entry: { key: `${token}/b` } });
      controller.abort();
      expect((await events.next()).done).toBe(true);
    });

    test('a watch is told of a change of its own client that was given up before it was stored', async () => {
      const { partitions, api } = parts();
      const clock = new ManualClock();
      const token = fresh();
      const write = writerTo(partitions, token);
      await write('a');
      const [{ created }] = (await readAll(partitions, token)) as [Entry];
      const controller = new AbortController();
      const events = watchPartition({ clock, partitions, token }, `${token}/`, created, controller.signal);
      const next = events.next();
      await readAll(partitions, token);
      const [publish, look] = [api.publish.bind(api), api.lastOf.bind(api)];
      const storedMs = clock.monotonicMs() + 5000;
      let late: Publication | undefined;
      api.publish = async publication => {
        late = publication;
        throw new QuorateError('UNAVAILABLE', 'No answer came', { outcome: 'unknown' });
      };
      api.lastOf = async subject => {
        const stored = clock.monotonicMs() < storedMs ? undefined : late;
        if (stored !== undefined) {
          late = undefined;
          await publish(stored);
        }
        return look(subject);
      };
      const passed = passing(api, clock);
      await expect(write('b')).rejects.toMatchObject({ outcome: 'unknown' });
      expect((await passed(next)) - storedMs).toBeLessThan(10_000);
      expect((await next).value).toMatchObject({ type: 'put', entry: { key: `${token}/b` } });
      controller.abort();
      expect((await events.next()).done).toBe(true);
    });

    test('a watch is told of a change of its own client whose answer was lost', async () => {
      const { partitions, api } = parts();
      const token = fresh();
      const write = writerTo(partitions, token);
      await write('a');
      const [{ created }] = (await readAll(partitions, token)) as [Entry];
      const controller = new AbortController();
      // Nothing is found out by time.
      const options = { clock: new ManualClock(), partitions, token };
      const events = watchPartition(options, `${token}/`, created, controller.signal);
      const next = events.next();
      await readAll(partitions, token);
      const publish = api.publish.bind(api);
      api.publish = async publication => {
        await publish(publication);
        throw new QuorateError('UNAVAILABLE', 'The answer was lost', { outcome: 'unknown' });
      };
      await expect(write('b')).rejects.toMatchObject({ outcome: 'unknown' });
      api.publish = publish;
      expect((await next).value).toMatchObject({ type: 'put', entry: { key: `${token}/b` } });
      controller.abort();
      expect((await events.next()).done).toBe(true);
    });

    test('who listens hears of the first change in a partition that others have forgotten', async () => {
      const [{ partitions, api }, { partitions: others }] = [parts(), parts()];
      const token = fresh();
      const write = writerTo(others, token);
      await write('a');
      const [{ created }] = (await readAll(others, token)) as [Entry];
      await others.of(token).call(draft => draft.delete(`${token}/a`, { created }), undefined);
      expect(await readAll(partitions, token)).toEqual([]);
      let doubts = 0;
      const onDoubt = (): void => void doubts++;
      const remove = partitions.listen(token, { prefix: `${token}/`, onChange: () => {}, onDoubt });
      await api.requests.connection.flush();
      expect(await others.of(token).forget()).toBe(true);
      await write('b');
      await api.requests.connection.flush();
      expect(doubts).toBe(1);
      expect(await readAll(partitions, token)).toMatchObject([{ key: `${token}/b` }]);
      remove();
    });

    test('changes that were heard are told without a gap, where histories begin anew between two looks', async () => {
      const [{ partitions, api }, { partitions: others }] = [parts(), parts()];
      const token = fresh();
      const write = async (name: string): Promise<void> => {
        const put = { type: 'put' as const, key: `${token}/${name}`, value: new Uint8Array(1500) };
        await others.of(token).call(draft => draft.put(put, absent), undefined);
      };
      await write('a');
      const [{ created }] = (await readAll(partitions, token)) as [Entry];
      const remove = partitions.listen(token, { prefix: token, onChange: () => {}, onDoubt: () => {} });
      await api.requests.connection.flush();
      // Long enough that histories begin anew on the way.
      for (let count = 0; count < 12; count++) await write(`b${count}`);
      await api.requests.connection.flush();
      await readAll(partitions, token);
      const changes = partitions.of(token).log.replica?.changesAfter('', created);
      expect(changes?.length).toBe(12);
      remove();
    });

    test('who waits sends nothing, whatever happens to other keys', async () => {
      await using store = await stand.open();
      const own = await stand.connect();
      const clock = new ManualClock();
      await using waiter = await createNatsStore({ connection: own, clock, closesConnection: true });
      const partition = fresh();
      await using session = await store.session({ ttlMs: 60_000 });
      const { revision } = await waiter.list(`${partition}/`);
      const controller = new AbortController();
      const watch = waiter.watch(`${partition}/mine`, revision, { signal: controller.signal });
      const events = watch[Symbol.asyncIterator]();
      const next = events.next();
      const observing = waiter.observe(session.id);
      await waiter.get(`${partition}/mine`);
      await until(() => clock.timerCount === 3);
      await own.flush();
      const before = own.stats();
      for (let count = 0; count < 50; count++) await store.put(`${partition}/${count}`, bytes(''), absent);
      await own.flush();
      const after = own.stats();
      expect(after.outMsgs).toBe(before.outMsgs);
      // It hears them, once each.
      expect(after.inMsgs - before.inMsgs).toBe(50);
      const put = await store.put(`${partition}/mine`, bytes(''), absent);
      expect((await next).value).toMatchObject({ type: 'put', revision: (put as Applied).revision });
      await session[Symbol.asyncDispose]();
      await observing;
      controller.abort();
    });

    test('copies of partitions take no more memory than they may', async () => {
      const cacheMaxBytes = 100_000;
      const { partitions } = parts({ cacheMaxBytes });
      const value = new Uint8Array(500);
      for (let index = 0; index < 100; index++) {
        const token = `cache-${index}`;
        const write = { type: 'put' as const, key: `${token}/a`, value };
        await partitions.of(token).call(draft => draft.put(write, absent), undefined);
      }
      expect(partitions.size.bytes).toBeLessThanOrEqual(cacheMaxBytes);
      expect(partitions.size.count).toBeLessThan(100);
      expect(partitions.size.count).toBeGreaterThan(5);
      expect(await readAll(partitions, 'cache-0')).toMatchObject([{ key: 'cache-0/a', value }]);
    });

    test('names of partitions become tokens that are never the same', () => {
      const all = [
        'a',
        'A',
        'a b',
        'a.b',
        '*',
        '>',
        'ä',
        '=20',
        'x'.repeat(128),
        'x'.repeat(129),
        'ü'.repeat(300),
      ];
      const tokens = all.map(tokenOf);
      expect(new Set(tokens).size).toBe(all.length);
      for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_=~-]{1,128}$/);
    });
  },
);
