/** A process that takes LMDB's write lock of a store, says so and stops, with the lock in its hand. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../src/host/open-database.ts';

const path = process.argv[2] as string;
// The database is that of a boot, where none is named.
const boot = process.argv[3] ?? (readdirSync(path).find(name => name.startsWith('boot-')) as string);
const database = openDatabase({ folder: join(path, boot), durability: 'os' });
database.transactionSync(() => {
  process.send?.('held', () => {});
  // The answer is on its way by now: the channel is written to at once.
  process.kill(process.pid, 'SIGSTOP');
});
