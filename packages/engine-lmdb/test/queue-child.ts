/** A process with a client of queues, which puts or works until it is killed, and tells of each step. */
import { createLmdbQueueStore, type LmdbQueueStoreOptions } from '../src/index.ts';

export type QueueChildRole = 'produce' | 'work' | 'hold';

/** What a child tells. Numbers are what messages say. */
export type QueueChildAnswer =
  | { readonly is: 'open' }
  | { readonly is: 'putting'; readonly numbers: readonly number[] }
  | { readonly is: 'put'; readonly numbers: readonly number[] }
  | { readonly is: 'leased'; readonly numbers: readonly number[]; readonly tokens: readonly string[] }
  | { readonly is: 'settled'; readonly numbers: readonly number[]; readonly outcomes: readonly string[] };

const [role, text, queue, from] = process.argv.slice(2) as [QueueChildRole, string, string, string];
const options = JSON.parse(text) as LmdbQueueStoreOptions;
/** Settles once it is told, also if this process is killed then. */
const tell = (answer: QueueChildAnswer): Promise<void> =>
  new Promise(resolve => process.send?.(answer, () => resolve()));
const store = await createLmdbQueueStore(options);
await tell({ is: 'open' });

if (role === 'produce') {
  for (let number = Number(from); ; number += 5) {
    const numbers = [0, 1, 2, 3, 4].map(step => number + step);
    await tell({ is: 'putting', numbers });
    await store.put(numbers.map(each => ({ queue, message: { body: Buffer.from(`${each}`) } })));
    await tell({ is: 'put', numbers });
  }
}
for (;;) {
  const leaseMs = role === 'hold' ? Number(from) : 600_000;
  const leased = await store.lease(queue, { messagesMax: 5, leaseMs, owner: 'child', waitMs: 60_000 });
  const numbers = leased.map(({ body }) => Number(Buffer.from(body).toString()));
  await tell({ is: 'leased', numbers, tokens: leased.map(({ token }) => `${token}`) });
  // A holder goes on when it is told to.
  if (role === 'hold') await new Promise(resolve => process.once('message', resolve));
  const results = await store.settle(leased.map(lease => ({ lease, action: { type: 'acknowledge' } })));
  const outcomes = results.map(result => ('reason' in result ? result.reason : result.outcome));
  await tell({ is: 'settled', numbers, outcomes });
}
