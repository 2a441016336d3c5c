import { createQueues } from '@quorate/queue';
import { skipReason } from '@quorate/servers';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openQueueStore, startEngine } from '../engines.ts';

const reason = skipReason('postgres');
const queue = 'orders/placed';
const wait = { timeout: 60_000 };

test.skipIf(reason !== undefined)(
  `what is sent in a transaction is handled when that commits, and only then (needs postgres${reason === undefined ? '' : `, ${reason}`})`,
  { timeout: 120_000 },
  async () => {
    await using stand = await startEngine('postgres');
    await using store = await openQueueStore(stand.address);
    await using queues = createQueues({ store });
    const client = new pg.Client({ connectionString: stand.address.at });
    await client.connect();
    await client.query('create table orders (id text primary key)');
    const seen: string[] = [];
    queues.consume<string>(queue, ({ body }) => seen.push(body));
    const producer = queues.producer<string>(queue);
    const order = async (id: string): Promise<void> => {
      await client.query('begin');
      await client.query('insert into orders values ($1)', [id]);
      expect(await producer.send(id, { id, transaction: client })).toMatchObject({ id, duplicate: false });
    };

    await order('a');
    await producer.send('beside');
    await expect.poll(() => seen, wait).toEqual(['beside']);
    await client.query('commit');
    await expect.poll(() => seen, wait).toEqual(['beside', 'a']);

    await order('b');
    await client.query('rollback');
    await producer.send('after');
    await expect.poll(() => seen, wait).toEqual(['beside', 'a', 'after']);
    // It was not sent, and so its id is free.
    await order('b');
    await client.query('commit');
    await expect.poll(() => seen, wait).toEqual(['beside', 'a', 'after', 'b']);
    const { rows } = await client.query<{ id: string }>('select id from orders order by id');
    expect(rows.map(({ id }) => id)).toEqual(['a', 'b']);
    await client.end();
  },
);
