/** Takes out whatever folders of queues give, and tells of each how much was right and what was not. */
import { createLmdbQueueStore } from '@quorate/engine-lmdb';
import { flippedQueue, flippedText } from './flipped-text.ts';

export interface FlippedTaken {
  readonly rightCount: number;
  readonly wrong: readonly string[];
}

async function takenFrom(path: string): Promise<FlippedTaken> {
  const store = await createLmdbQueueStore({ path });
  const wrong: string[] = [];
  let rightCount = 0;
  for (;;) {
    const leased = await store.lease(flippedQueue, { messagesMax: 100, leaseMs: 600_000, owner: 'me' });
    if (leased.length === 0) break;
    for (const { id, body, headers } of leased) {
      const isRight = Buffer.from(body).toString('latin1') === flippedText(headers['number'] ?? '');
      if (isRight && id === `id-${headers['number']}`) rightCount++;
      else wrong.push(id);
    }
  }
  return { rightCount, wrong };
}

for (const path of process.argv.slice(2)) {
  // A folder that is refused gives nothing.
  const taken = await takenFrom(path).catch(() => ({ rightCount: 0, wrong: [] }));
  process.stdout.write(`${JSON.stringify(taken)}\n`);
}
process.exit();
