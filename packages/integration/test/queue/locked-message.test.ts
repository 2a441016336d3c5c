import { skipReason } from '@quorate/servers';
import pg from 'pg';
import { expect, test } from 'vitest';
import { openQueueStore, startEngine } from '../engines.ts';

const reason = skipReason('postgres');
const queue = 'locked/jobs';

test.skipIf(reason !== undefined)(
  `a lease passes by what another transaction has locked, and gives what comes next (needs postgres${reason === undefined ? '' : `, ${reason}`})`,
  { timeout: 120_000 },
  async () => {
    await using stand = await startEngine('postgres');
    await using store = await openQueueStore(stand.address);
    const taken = async (): Promise<string[]> => {
      const options = { messagesMax: 2, leaseMs: 600_000, owner: 'me', deadlineMs: 30_000 };
      return (await store.lease(queue, options)).map(({ body }) => Buffer.from(body).toString());
    };
    await store.put(['a', 'b', 'c', 'd'].map(text => ({ queue, message: { body: Buffer.from(text) } })));
    const client = new pg.Client({ connectionString: stand.address.at });
    await client.connect();
    await client.query('begin');
    const lock = `select seq from quorate.queue_message where body in ('a', 'c') for update`;
    expect((await client.query(lock)).rowCount).toBe(2);
    expect(await taken()).toEqual(['b', 'd']);
    expect(await taken()).toEqual([]);
    await client.query('commit');
    expect(await taken()).toEqual(['a', 'c']);
    await client.end();
  },
);
