import { type Revision, type Store, type StoreEvent } from '@quorate/core';
import type { Kernel, Setup } from '../../suite.ts';
import { oneByOne } from '../lock/pairs.ts';
import type { Engine } from './engines.ts';

const value: Uint8Array = new Uint8Array(16).fill(7);

/** One verb of a store, again and again. */
interface Verb {
  /** Does it, and says what it came to: always the same. */
  readonly once: () => Promise<number>;
  readonly close?: () => Promise<void>;
}

const verb =
  (
    engine: Engine,
    calls: number,
    open: (store: Store, other: () => Promise<Store>) => Promise<Verb>,
  ): Setup =>
  async (): Promise<Kernel> => {
    const clients = engine();
    const { once, close } = await open(await clients.open(), async () => clients.open());
    return {
      ops: calls,
      async run() {
        let sum = 0;
        for (let count = 0; count < calls; count++) sum += await once();
        return sum;
      },
      call: oneByOne(once),
      async close() {
        await close?.();
        await clients[Symbol.asyncDispose]();
      },
    };
  };

/** What a lock nobody else wants costs below the lock: an entry in a queue, and its deletion. */
export function pair(engine: Engine, calls: number): Setup {
  return verb(engine, calls, async store => {
    const session = await store.session({ ttlMs: 10_000 });
    let sequence = 0;
    return {
      async once() {
        const queued = await store.enqueue!('queue/order', value, {
          session: session.id,
          operation: { session: session.id, sequence: ++sequence },
        });
        if (queued.outcome !== 'applied') throw queued.cause;
        const { key, created } = queued.self;
        const gone = await store.delete(key, { created });
        return gone.outcome === 'applied' && queued.predecessor === undefined ? 1 : 0;
      },
      close: async () => session[Symbol.asyncDispose](),
    };
  });
}

/** A read that sees every write that was acknowledged before. */
export function get(engine: Engine, calls: number): Setup {
  return verb(engine, calls, async store => {
    await store.put('table/order', value, { absent: true });
    return { once: async () => (await store.get('table/order'))?.value.length ?? 0 };
  });
}

/** From a write to its event in a watch of another client. */
export function watch(engine: Engine, calls: number): Setup {
  return verb(engine, calls, async (store, other) => {
    const written = await store.put('board/order', value, { absent: true });
    if (written.outcome !== 'applied') throw new Error(`Write must apply: it was ${written.outcome}`);
    const ended = new AbortController();
    const watcher = await other();
    const watched = watcher.watch('board/order', written.revision, { signal: ended.signal });
    const events = watched[Symbol.asyncIterator]();
    let { revision } = written;
    return {
      async once() {
        const heard = next(events, revision, watcher);
        const put = await store.put('board/order', value, { modified: revision });
        if (put.outcome !== 'applied') throw new Error(`Write must apply: it was ${put.outcome}`);
        revision = put.revision;
        if ((await heard) !== revision)
          throw new Error(`Watch must tell of revision ${revision}: it did not`);
        return 1;
      },
      async close() {
        ended.abort();
        await events.return?.();
      },
    };
  });
}

/** The revision of the next change. A watch that has just begun may say that it missed something: then it is read. */
async function next(events: AsyncIterator<StoreEvent>, after: Revision, watcher: Store): Promise<Revision> {
  for (;;) {
    const { value: event, done } = await events.next();
    if (done === true) throw new Error('Watch must go on: it ended');
    const revision = event.type === 'resync' ? (await watcher.get('board/order'))?.modified : event.revision;
    if (revision !== undefined && revision > after) return revision;
  }
}
