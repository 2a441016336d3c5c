/**
 * A process whose writer's thread can sync nothing for a while, and tells what its puts were told. With a second argument the first
 * failure is that of a sync of the main thread.
 */
import fs, { rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createLmdbQueueStore } from '../src/index.ts';

const failing = process.env['FAILING_SYNCS'] as string;
const [, , path, isOwn] = process.argv;
await using store = await createLmdbQueueStore({ path: path as string, commit: 'inline' });
const told: string[] = [];
async function put(): Promise<void> {
  const [result] = await store
    .put([{ queue: 'jobs/a', message: { body: new Uint8Array(10) } }])
    .catch(({ outcome }) => [{ outcome }]);
  told.push(result!.outcome);
}
// The first begins a file of the log, which is that thread's to do.
if (isOwn === undefined) {
  writeFileSync(failing, '');
  await put();
} else {
  await put();
  writeFileSync(failing, '');
  const { fdatasync } = fs;
  Object.assign(fs, {
    fdatasync: (_: number, callback: (thrown: Error) => void) =>
      setImmediate(callback, new Error('EIO: i/o error, fdatasync')),
  });
  syncBuiltinESMExports();
  await put();
  Object.assign(fs, { fdatasync });
  syncBuiltinESMExports();
}
await put();
rmSync(failing);
await put();
console.log(JSON.stringify(told));
