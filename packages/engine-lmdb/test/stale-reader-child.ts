/** A process that is killed with a snapshot of the database in its hand. */
import { createLmdbStore } from '../src/index.ts';

const store = await createLmdbStore({ path: process.argv[2] as string, durability: 'os' });
await store.get('a/1');
process.kill(process.pid, 'SIGKILL');
