import { setTimeout as sleep } from 'node:timers/promises';
import { urlOf } from '../store/services.ts';
import type { Job, JobQueue, OpenJobs } from './job-queue.ts';
import { looping } from './looping.ts';

const restMs = 2;
const poolSize = 10;

/** What a claim costs at the least: a table, `skip locked` in a transaction, and a deletion; no leases, no retries, no order. */
export const rawPostgresJobs: OpenJobs = async (name): Promise<JobQueue> => {
  const { Pool } = await import('pg');
  const pool = new Pool({ connectionString: urlOf('postgres'), max: poolSize });
  pool.on('error', () => {});
  const table = `"${name}"`;
  await pool.query(
    `create table ${table} (id bigint generated always as identity primary key, job jsonb not null)`,
  );
  const claim = `delete from ${table} where id = any(array(select id from ${table} order by id for update skip locked limit $1)) returning job`;
  return {
    send: async job => pool.query(`insert into ${table} (job) values ($1)`, [job]),
    async fill(all) {
      const insert = `insert into ${table} (job) select * from unnest($1::jsonb[])`;
      for (let from = 0; from < all.length; from += 1000) {
        await pool.query(insert, [all.slice(from, from + 1000).map(job => JSON.stringify(job))]);
      }
    },
    async work(concurrency, handle) {
      return looping(async () => {
        const client = await pool.connect();
        await client.query('begin');
        const { rows } = await client.query<{ job: Job }>(claim, [concurrency]);
        for (const { job } of rows) handle(job);
        await client.query('commit');
        client.release();
        if (rows.length === 0) await sleep(restMs);
      });
    },
    async [Symbol.asyncDispose]() {
      await pool.query(`drop table ${table}`);
      await pool.end();
    },
  };
};
