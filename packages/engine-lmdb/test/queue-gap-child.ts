/** A process whose writer's thread can sync nothing for a while, and tells what its puts were told. */
import { rmSync, writeFileSync } from 'node:fs';
import { createLmdbQueueStore } from '../src/index.ts';

const failing = process.env['FAILING_SYNCS'] as string;
await using store = await createLmdbQueueStore({ path: process.argv[2] as string, commit: 'inline' });
const told: string[] = [];
async function put(): Promise<void> {
  const [result] = await store
    .put([{ queue: 'jobs/a', message: { body: new Uint8Array(10) } }])
    .catch(({ outcome }) => [{ outcome }]);
  told.push(result!.outcome);
}
writeFileSync(failing, '');
// The first begins a file of the log, which is that thread's to do.
await put();
await put();
rmSync(failing);
await put();
console.log(JSON.stringify(told));
