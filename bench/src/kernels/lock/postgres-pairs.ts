import { urlOf } from '../store/services.ts';
import type { OpenPairs } from './pairs.ts';

/** A row that must not be there, and its deletion, each a transaction of its own that is on disk when it is answered. */
export function rawPostgresPairs(): OpenPairs {
  return async () => {
    const { default: pg } = await import('pg');
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    await client.connect();
    const table = `raw_${process.pid}`;
    await client.query(
      `create table ${table} (name text primary key, fence bigserial, since timestamptz default now())`,
    );
    const insert = {
      name: 'take',
      text: `insert into ${table} (name) values ($1) on conflict do nothing returning fence`,
    };
    const remove = { name: 'give back', text: `delete from ${table} where name = $1 and fence = $2` };
    return {
      async pair(index) {
        const name = `order:${index}`;
        const { rows } = await client.query({ ...insert, values: [name] });
        const fence = (rows[0] as { readonly fence: string } | undefined)?.fence;
        if (fence === undefined) throw new Error(`Row ${name} must not be there: it was`);
        await client.query({ ...remove, values: [name, fence] });
        return BigInt(fence);
      },
      async close() {
        await client.query(`drop table ${table}`);
        await client.end();
      },
    };
  };
}
