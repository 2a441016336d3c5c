/** A process that fills a store until it has no room on its disk, and says how that went. */
import { createLmdbStore } from '../src/index.ts';

const absent = { absent: true } as const;
await using store = await createLmdbStore({ path: process.argv[2] as string, durability: 'os' });
let stored = 0;
try {
  for (; stored < 1000; stored++) await store.put(`a/${stored}`, new Uint8Array(20_000), absent);
} catch (thrown) {
  const { code, outcome } = thrown as { readonly code: string; readonly outcome: string };
  const { created } = (await store.get('a/0'))!;
  await store.delete('a/0', { created });
  const smaller = await store.put('a/smaller', new Uint8Array(10), absent);
  process.stdout.write(JSON.stringify({ stored: stored - 1, code, outcome, smaller: smaller.outcome }));
}
