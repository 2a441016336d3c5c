/** A process that ends by `process.exit` while its commits are under way. */
import { createLmdbStore } from '../src/index.ts';

const store = await createLmdbStore({ path: process.argv[2] as string, durability: 'os' });
for (let round = 0; ; round++) {
  for (let index = 0; index < 200; index++) {
    const key = `exit/${process.pid}-${round}-${index}`;
    void store.put(key, new Uint8Array(), { absent: true }).catch(() => {});
  }
  await new Promise(resolve => setTimeout(resolve, 2));
  if (round === 5) process.exit(7);
}
