/**
 * A process whose writer's thread can sync nothing for a while, and tells what its puts were told. With a second argument the first
 * failure is that of a sync which was left to the main thread.
 */
import fs, { rmSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { createLmdbQueueStore } from '../src/index.ts';

const failing = process.env['FAILING_SYNCS'] as string;
const [, , path, isLeft] = process.argv;
await using store = await createLmdbQueueStore({ path: path as string, commit: 'inline' });
const told: string[] = [];
async function put(count = 1): Promise<void> {
  const message = { body: new Uint8Array(10) };
  const [result] = await store
    .put(Array.from({ length: count }, () => ({ queue: 'jobs/a', message })))
    .catch(({ outcome }) => [{ outcome }]);
  told.push(result!.outcome);
}
// The first begins a file of the log, which is that thread's to do.
if (isLeft === undefined) {
  writeFileSync(failing, '');
  await put();
} else {
  await put();
  // A sync in that thread, since this one has the file open.
  await put(20);
  writeFileSync(failing, '');
  const { fdatasync } = fs;
  Object.assign(fs, {
    fdatasync: (_: number, callback: (thrown: Error) => void) =>
      setImmediate(callback, new Error('EIO: i/o error, fdatasync')),
  });
  syncBuiltinESMExports();
  await put(20);
  Object.assign(fs, { fdatasync });
  syncBuiltinESMExports();
}
await put();
rmSync(failing);
await put();
console.log(JSON.stringify(told));
