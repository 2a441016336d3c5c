import { errorCode, type SessionId, type Store } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createNatsStore } from '../src/index.ts';
import { NatsStand } from './nats-subject.ts';

const reason = skipReason('nats');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const absent = { absent: true } as const;

let stand: NatsStand;
let names = 0;

/** A partition that nobody has used. */
const fresh = (): string => `p${++names}`;

/** Adds one, however often it takes. */
async function addOnce(store: Store, key: string, session: SessionId, sequence: number): Promise<bigint> {
  for (;;) {
    try {
      const result = await store.add!(key, 1n, { operation: { session, sequence }, deadlineMs: 2000 });
      if (result.outcome === 'applied') return result.value;
    } catch (thrown) {
      if (!['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(errorCode(thrown) ?? '')) throw thrown;
    }
  }
}

describe.skipIf(reason !== undefined)('the store on NATS (needs nats-server)', { timeout: 60_000 }, () => {
  beforeAll(async () => {
    stand = await NatsStand.start();
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  test('counts once what was repeated, wherever the connection broke', async () => {
    await using store = await stand.open();
    await using session = await store.session({ ttlMs: 60_000 });
    const link = stand.linkOf(store);
    const key = `${fresh()}/n`;
    let [total, unknown] = [0n, 0];
    for (let sequence = 1; sequence <= 40; sequence++) {
      const operation = { session: session.id, sequence };
      const adding = store.add!(key, 1n, { operation });
      // Before it arrives, while it is carried out, or while the answer is on its way.
      if (sequence % 4 === 1) link.reset();
      if (sequence % 4 === 2) queueMicrotask(() => link.reset());
      if (sequence % 4 === 3)
        void link.reaches('toServer', link.bytesOf('toServer')).then(() => link.reset());
      const result = await adding.catch(() => undefined);
      if (result?.outcome === 'unknown') unknown++;
      total = result?.outcome === 'applied' ? result.value : await addOnce(store, key, session.id, sequence);
    }
    expect(total).toBe(40n);
    expect(unknown).toBeGreaterThan(0);
  });

  test('settles as unknown by the deadline while the server stands still, and is resolved afterwards', async () => {
    await using store = await stand.open();
    await using session = await store.session({ ttlMs: 60_000 });
    const key = `${fresh()}/n`;
    const operation = { session: session.id, sequence: 1 };
    await using probe = await stand.open();
    await store.get(key);
    stand.server.pause();
    try {
      // A process of many threads goes on for a moment.
      const isAnswered = (): Promise<boolean> =>
        probe.get(key, { deadlineMs: 100 }).then(
          () => true,
          () => false,
        );
      while (await isAnswered());
      const result = await store.add!(key, 1n, { operation, deadlineMs: 300 });
      expect(result).toMatchObject({ outcome: 'unknown', cause: { code: 'DEADLINE_EXCEEDED' } });
      await expect(store.get(key, { deadlineMs: 100 })).rejects.toMatchObject({ outcome: 'not-applied' });
    } finally {
      stand.server.resume();
    }
    expect(await addOnce(store, key, session.id, 1)).toBe(1n);
  });

  test('never sends what was given up while it waited for its turn', async () => {
    await using store = await stand.open();
    const partition = fresh();
    await store.get(`${partition}/a`);
    const link = stand.linkOf(store);
    link.mute();
    const first = store.put(`${partition}/a`, bytes(''), absent);
    await Promise.resolve();
    const late = await store.put(`${partition}/late`, bytes(''), absent, { deadlineMs: 100 });
    expect(late.outcome).toBe('unknown');
    link.heal();
    expect((await first).outcome).toBe('applied');
    // Whatever waited behind it has been served.
    await store.put(`${partition}/b`, bytes(''), absent);
    expect(await store.get(`${partition}/late`)).toBeUndefined();
  });

  test('keeps what was acknowledged when the server is killed, and goes on with it', async () => {
    await using store = await stand.open();
    await using session = await store.session({ ttlMs: 60_000 });
    const partition = fresh();
    const written: string[] = [];
    const write = async (writer: number, isOver: () => boolean): Promise<void> => {
      for (let count = 0; !isOver(); count++) {
        const key = `${partition}-${writer}/${count}`;
        const result = await store.put(key, bytes('x'.repeat(100)), absent).catch(() => undefined);
        if (result?.outcome === 'applied') written.push(key);
      }
    };
    let isKilled = false;
    const writing = Promise.all([0, 1, 2, 3].map(writer => write(writer, () => isKilled)));
    while (written.length < 400) await store.get(`${partition}/x`);
    await stand.server.kill();
    isKilled = true;
    await writing;
    await stand.server.restart();
    const found = new Set<string>();
    for (const writer of [0, 1, 2, 3]) {
      const { entries } = await store.list(`${partition}-${writer}/`);
      for (const { key } of entries) found.add(key);
    }
    expect(written.filter(key => !found.has(key))).toEqual([]);
    expect(session.lost.aborted).toBe(false);
    expect((await store.put(`${partition}/next`, bytes(''), absent)).outcome).toBe('applied');
  });

  test('resolves conflicts of several clients, and puts what comes at once into few messages', async () => {
    const stores = await Promise.all([stand.open(), stand.open(), stand.open()]);
    const key = `${fresh()}/n`;
    const connection = await stand.connect();
    let published = 0;
    connection.subscribe(`QUORATE.p.${key.split('/')[0]}`, { callback: () => void published++ });
    await connection.flush();
    const counts = stores.map(async store => {
      await using session = await store.session({ ttlMs: 60_000 });
      for (let round = 0; round < 5; round++) {
        await using other = await store.session({ ttlMs: 60_000 });
        await Promise.all([
          addOnce(store, key, session.id, round + 1),
          addOnce(store, key, other.id, 1),
          ...Array.from({ length: 30 }, (_, index) =>
            store.put(`${key}-${other.id}-${index}`, bytes(''), absent),
          ),
        ]);
      }
    });
    await Promise.all(counts);
    expect(new TextDecoder().decode((await stores[0]!.get(key))?.value)).toBe('30');
    const { entries } = await stores[0]!.list(`${key}-`);
    expect(entries.length).toBe(450);
    // 480 calls in at least 15 rounds: far fewer messages than calls.
    expect(published).toBeLessThan(240);
    await connection.close();
    await Promise.all(stores.map(store => store[Symbol.asyncDispose]()));
  });

  test('refuses what would make a partition larger than a message, and lets it be emptied', async () => {
    await using store = await stand.open();
    const partition = fresh();
    const value = new Uint8Array(store.capabilities.valueMaxBytes);
    const written: string[] = [];
    const fill = async (): Promise<void> => {
      for (;;) {
        const key = `${partition}/${written.length}`;
        await store.put(key, value, absent);
        written.push(key);
      }
    };
    await expect(fill()).rejects.toMatchObject({ code: 'PARTITION_FULL', outcome: 'not-applied' });
    await expect(fill()).rejects.toThrow(/at most \d+ bytes/);
    expect(written.length).toBeGreaterThan(2);
    await using other = await stand.open();
    for (const key of written) {
      const entry = await other.get(key);
      expect(entry?.value.length).toBe(value.length);
      expect((await other.delete(key, { created: entry!.created })).outcome).toBe('applied');
    }
    expect((await store.put(`${partition}/0`, value, absent)).outcome).toBe('applied');
  });

  test('is followed through more changes than one message tells, by who comes late and by who comes new', async () => {
    await using store = await stand.open();
    await using late = await stand.open();
    const partition = fresh();
    for (let index = 0; index < 40; index++) {
      await store.put(`${partition}/large${index}`, new Uint8Array(1000), absent);
    }
    const { revision } = await late.list(`${partition}/`);
    const revisions: number[] = [];
    for (let count = 0; count < 30; count++) {
      const result = await store.put(`${partition}/${count}`, bytes(`${count}`), absent);
      if (result.outcome === 'applied') revisions.push(result.revision);
    }
    const told: number[] = [];
    const controller = new AbortController();
    for await (const event of late.watch(`${partition}/`, revision, { signal: controller.signal })) {
      if (event.type === 'resync') throw new Error('Nothing was missing');
      told.push(event.revision);
      if (told.length === 30) break;
    }
    expect(told).toEqual(revisions);
    for (let count = 0; count < 300; count++) {
      const entry = await store.get(`${partition}/0`);
      await store.put(`${partition}/0`, bytes(`${count}`), { modified: entry!.modified });
    }
    await using fresher = await stand.open();
    expect(await fresher.list(`${partition}/`)).toEqual(await store.list(`${partition}/`));
    expect(await late.list(`${partition}/`)).toEqual(await store.list(`${partition}/`));
    const connection = await stand.connect();
    const info = await connection.request(
      '$JS.API.STREAM.INFO.QUORATE',
      JSON.stringify({ subjects_filter: `QUORATE.p.${partition}` }),
    );
    const { state } = info.json<{ state: { subjects: Record<string, number> } }>();
    expect(state.subjects[`QUORATE.p.${partition}`]).toBeLessThan(160);
    await connection.close();
  });

  test('refuses a stream that somebody made with other settings, and names the setting', async () => {
    const connection = await stand.connect();
    const config = {
      name: 'OTHER',
      subjects: ['OTHER.*.>'],
      max_age: 1e9,
      allow_rollup_hdrs: true,
      discard: 'new',
    };
    await connection.request('$JS.API.STREAM.CREATE.OTHER', JSON.stringify({ ...config, storage: 'file' }));
    const opening = createNatsStore({ connection, name: 'OTHER' });
    await expect(opening).rejects.toMatchObject({ code: 'UNSUPPORTED', outcome: 'not-applied' });
    await expect(opening).rejects.toThrow(
      /Setting "max_age" of the stream OTHER must be 0: found 1000000000/,
    );
    await connection.close();
  });

  test('opens at once from many clients, and keeps stores of other names apart', async () => {
    const open = (name: string): Promise<Store> => stand.open({ name });
    const [one, two, three] = await Promise.all([open('many'), open('many'), open('few')]);
    await one.put('p/a', bytes('1'), absent);
    expect(await two.get('p/a')).toBeDefined();
    expect(await three.get('p/a')).toBeUndefined();
    await Promise.all([one, two, three].map(store => store[Symbol.asyncDispose]()));
  });

  test('says so where there is no JetStream', async () => {
    const { startNats } = await import('@quorate/servers');
    await using server = await startNats({
      config: 'accounts { plain { users: [ { user: u, password: p } ] } }',
    });
    const { connect } = await import('@nats-io/transport-node');
    const connection = await connect({ port: server.port, user: 'u', pass: 'p' });
    await expect(createNatsStore({ connection })).rejects.toMatchObject({ outcome: 'not-applied' });
    await connection.close();
  });

  test('leaves a connection of its user open and as it was, and the process nothing to wait for', async () => {
    const connection = await stand.connect();
    const { subscriptions, listeners } = (
      connection as never as { protocol: { subscriptions: { size(): number }; listeners: unknown[] } }
    ).protocol;
    const before = [subscriptions.size(), listeners.length];
    const store = await createNatsStore({ connection });
    const controller = new AbortController();
    const events = store.watch('p/', 0 as never, { signal: controller.signal })[Symbol.asyncIterator]();
    const next = events.next();
    next.catch(() => {});
    await store.observe('nobody' as SessionId);
    await using other = await stand.open();
    await using session = await other.session({ ttlMs: 60_000 });
    const observing = store.observe(session.id);
    observing.catch(() => {});
    await store[Symbol.asyncDispose]();
    await expect(next).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(observing).rejects.toMatchObject({ code: 'CLOSED' });
    await connection.flush();
    expect([subscriptions.size(), listeners.length]).toEqual(before);
    expect(connection.isClosed()).toBe(false);
    await connection.close();
  });
});
