/**
 * A process of its own with a client of a store, which does what it is told over its channel. Run by `storeChild`.
 */
import { createLmdbStore, type LmdbStoreOptions } from '../src/index.ts';

/** What a child is told to do. */
export type ChildOrder =
  /** Opens a session, and queues up under a prefix. Answers `Held`. */
  | { readonly do: 'hold'; readonly prefix: string; readonly ttlMs: number }
  /** Adds 1 again and again, each with an operation id of its own; the next only once it has said so. */
  | { readonly do: 'count'; readonly key: string }
  /** Ends at once, without disposing of anything. */
  | { readonly do: 'exit' }
  /** Answers each change under a prefix. */
  | { readonly do: 'watch'; readonly prefix: string }
  /** Puts a value, and answers the outcome. */
  | { readonly do: 'put'; readonly key: string; readonly bytes: number };

/** What a child answers. */
export type ChildAnswer =
  | { readonly is: 'open' }
  | { readonly is: 'held'; readonly session: string; readonly key: string }
  | { readonly is: 'lost'; readonly remainingMs: number }
  | { readonly is: 'counting'; readonly sequence: number; readonly session: string }
  | { readonly is: 'watching' }
  | { readonly is: 'change'; readonly type: string; readonly key: string | undefined }
  | { readonly is: 'put'; readonly outcome: string; readonly code: string | undefined };

const options = JSON.parse(process.argv[2] as string) as LmdbStoreOptions;
const store = await createLmdbStore(options);
/** Settles when the answer is out of this process. */
const answer = (message: ChildAnswer): Promise<void> =>
  new Promise(resolve => process.send?.(message, () => resolve()));

process.on('message', (order: ChildOrder) => void carryOut(order));
// Whoever started it may be gone without a word.
process.on('disconnect', () => process.exit());
await answer({ is: 'open' });

async function carryOut(order: ChildOrder): Promise<void> {
  if (order.do === 'hold') await hold(order.prefix, order.ttlMs);
  else if (order.do === 'exit') process.exit(1);
  else if (order.do === 'count') await count(order.key);
  else if (order.do === 'watch') await watch(order.prefix);
  else await put(order.key, order.bytes);
}

async function hold(prefix: string, ttlMs: number): Promise<void> {
  const session = await store.session({ ttlMs });
  session.lost.addEventListener('abort', () => {
    void answer({ is: 'lost', remainingMs: session.remainingMs() });
  });
  const entry = await store.enqueue?.(prefix, new Uint8Array(), { session: session.id });
  if (entry?.outcome === 'applied') await answer({ is: 'held', session: session.id, key: entry.self.key });
}

async function count(key: string): Promise<void> {
  const session = await store.session({ ttlMs: 60_000 });
  for (let sequence = 1; ; sequence++) {
    const operation = { session: session.id, sequence };
    // Sent twice at once, as after a lost answer: it must count once.
    await Promise.all([store.add?.(key, 1n, { operation }), store.add?.(key, 1n, { operation })]);
    await answer({ is: 'counting', sequence, session: session.id });
  }
}

async function watch(prefix: string): Promise<void> {
  const { revision } = await store.list(prefix);
  const { signal } = new AbortController();
  await answer({ is: 'watching' });
  for await (const event of store.watch(prefix, revision, { signal })) {
    await answer({ is: 'change', type: event.type, key: 'entry' in event ? event.entry.key : undefined });
  }
}

async function put(key: string, bytes: number): Promise<void> {
  try {
    const { outcome } = await store.put(key, new Uint8Array(bytes), { absent: true });
    await answer({ is: 'put', outcome, code: undefined });
  } catch (thrown) {
    const { outcome, code } = thrown as { readonly outcome: string; readonly code: string };
    await answer({ is: 'put', outcome, code });
  }
}
