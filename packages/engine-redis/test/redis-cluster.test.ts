import { skipReason } from '@quorate/servers';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRedisStore } from '../src/index.ts';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const absent = { absent: true } as const;
const waiting = { timeout: 10_000, interval: 10 };

describe.skipIf(reason !== undefined)('a cluster (needs redis-server)', () => {
  let stand: RedisStand;
  let raw: Cluster;
  beforeAll(async () => {
    stand = await RedisStand.startCluster();
    raw = new Cluster([{ host: '127.0.0.1', port: stand.server.port }]);
  });
  afterAll(async () => {
    raw.disconnect();
    await stand[Symbol.asyncDispose]();
  });

  test('keeps each partition on one node, and many on all of them', async () => {
    const store = await stand.open();
    const session = await store.session({ ttlMs: 60_000 });
    for (let index = 0; index < 30; index++) {
      const writes = ['a', 'b'].map(name => ({
        type: 'put' as const,
        key: `partition-${index}/${name}`,
        value: new Uint8Array(),
        session: session.id,
      }));
      expect(await store.batch!(new Map(), writes)).toMatchObject({ outcome: 'applied' });
    }
    const sizes = await Promise.all(raw.nodes('master').map(node => node.dbsize()));
    expect(sizes).toHaveLength(3);
    expect(Math.min(...sizes)).toBeGreaterThan(0);
  });

  test('whose connection was lost is not sent again what was sent before', async () => {
    const store = await stand.open();
    const first = await store.put('once/a', Buffer.from('0'), absent);
    if (first.outcome !== 'applied') throw new Error('Not applied');
    const record = () => raw.hget('quorate:{once}', 'once/a');
    const before = await record();
    for (const proxy of stand.linksOf(store)) proxy.mute('toClient');
    const lost = store.put('once/a', Buffer.from('1'), { created: first.revision });
    await vi.waitFor(async () => expect(await record()).not.toBe(before), waiting);
    const written = await record();
    for (const proxy of stand.linksOf(store)) proxy.cut();
    expect(await lost).toMatchObject({ outcome: 'unknown', cause: { code: 'UNAVAILABLE' } });
    for (const proxy of stand.linksOf(store)) proxy.heal();
    await vi.waitFor(() => store.get('once/a'), waiting);
    expect(await record()).toBe(written);
  });

  test('of which no node answers gives no store, and leaves nothing behind', async () => {
    const client = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true });
    await expect(createRedisStore({ client })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
  });
});
