import {
  type BatchWrite,
  errorCode,
  QuorateError,
  type Session,
  type SessionId,
  type Store,
  type StoreEvent,
} from '@quorate/core';
import type { Lie } from './dressed-store.ts';

const encoded = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Does again, without its operation, what was answered as unknown for one of these reasons. */
function anyway(codes: readonly string[]): Lie {
  const isHidden = (result: { readonly outcome: string; readonly cause?: QuorateError }): boolean =>
    result.outcome === 'unknown' && codes.includes(errorCode(result.cause) ?? '');
  return store => ({
    async put(key, value, condition, options) {
      const result = await store.put(key, value, condition, options);
      return isHidden(result) ? store.put(key, value, condition) : result;
    },
    async delete(key, condition, options) {
      const result = await store.delete(key, condition, options);
      return isHidden(result) ? store.delete(key, condition) : result;
    },
    async enqueue(prefix, value, options) {
      const result = await store.enqueue!(prefix, value, options);
      return isHidden(result) ? store.enqueue!(prefix, value, { session: options.session }) : result;
    },
    async add(key, delta, options) {
      const result = await store.add!(key, delta, options);
      if (!isHidden(result)) return result;
      const session = await store.session({ ttlMs: 60_000 });
      return store.add!(key, delta, { operation: { session: session.id, sequence: 1 } });
    },
    async batch(conditions, writes, options) {
      const result = await store.batch!(conditions, writes, options);
      return isHidden(result) ? store.batch!(conditions, writes) : result;
    },
  });
}

/** Remembers what it answered to an operation, and says it again. */
function remembering(verb: 'put' | 'delete' | 'batch', outcome: 'applied' | 'not-applied'): () => Lie {
  return () => {
    const known = new Map<string, { readonly outcome: string }>();
    return store => {
      const call = store[verb]!.bind(store) as (...args: unknown[]) => Promise<{ readonly outcome: string }>;
      const say = async (...args: unknown[]): Promise<unknown> => {
        const { operation } = (args.at(-1) ?? {}) as { readonly operation?: unknown };
        const name = JSON.stringify(operation);
        const result = (operation === undefined ? undefined : known.get(name)) ?? (await call(...args));
        if (operation !== undefined && result.outcome === outcome) known.set(name, result);
        return result;
      };
      return { [verb]: say };
    };
  };
}

/** Changes the events of every watch. */
function watching(change: (events: AsyncIterable<StoreEvent>) => AsyncIterable<StoreEvent>): () => Lie {
  return () => store => ({ watch: (prefix, from, options) => change(store.watch(prefix, from, options)) });
}

/** Writes a batch a little later, with whatever stands in its arguments by then. */
const lateBatch: Lie = store => ({
  async batch(conditions, writes, options) {
    await store.list('late');
    return store.batch!(conditions, writes, options);
  },
});

/** Names a queue's entries by the bytes that it was given, whatever is done to them. */
const sharedQueue: Lie = store => ({
  async enqueue(prefix, value, options) {
    await store.list(prefix);
    return store.enqueue!(prefix, value, options);
  },
});

/** A session that says that it has more time than it has. */
const generous: Lie = store => ({
  async session(options): Promise<Session> {
    const session = await store.session(options);
    const left = (): number =>
      session.remainingMs() && Math.min(0.98 * options.ttlMs, 10 * session.remainingMs());
    return {
      id: session.id,
      lost: session.lost,
      remainingMs: left,
      [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    };
  },
});

const operationKinds = ['put', 'delete', 'enqueue', 'add', 'batch'] as const;

/** By the case that must catch them: stores that break the one promise that it is about. */
export const namedLiars: readonly (readonly [storeCase: string, lie: string, liar: () => Lie])[] = [
  ...operationKinds.flatMap(
    kind =>
      [
        [
          `an operation that is remembered supersedes an earlier ${kind} that comes late`,
          'carries out what comes late',
          () => anyway(['OPERATION_SUPERSEDED']),
        ],
        [
          `a ${kind} under an operation of a dead session is not carried out`,
          'carries out what a dead session asks for',
          () => anyway(['SESSION_LOST']),
        ],
      ] as const,
  ),
  [
    'a delete whose condition failed is judged anew when it is repeated',
    'remembers that it refused',
    remembering('delete', 'not-applied'),
  ],
  [
    'a batch whose condition failed is judged anew when it is repeated',
    'remembers that it refused',
    remembering('batch', 'not-applied'),
  ],
  [
    'bytes of what an operation left belong to whoever was answered: a repeat is answered as at first',
    'hands out what it remembers of a put',
    remembering('put', 'applied'),
  ],
  [
    'bytes of what an operation left belong to whoever was answered: a repeat is answered as at first',
    'hands out what it remembers of a delete',
    remembering('delete', 'applied'),
  ],
  [
    'bytes of refusals belong to whoever is refused',
    'hands out what stands there',
    () => {
      const known = new Map<string, Awaited<ReturnType<Store['get']>>>();
      return store => ({
        async get(key, options) {
          return known.get(key) ?? store.get(key, options);
        },
        async put(...args) {
          const result = await store.put(...args);
          if (result.outcome === 'not-applied') known.set(args[0], result.current);
          return result;
        },
      });
    },
  ],
  [
    'bytes that go into a queue and come out of it belong to whoever has them',
    'copies late',
    () => sharedQueue,
  ],
  ['what a batch is given belongs to whoever gave it, once it was called', 'copies late', () => lateBatch],
  [
    'a queue and a batch that name a dead session are refused, or go the way of its entries',
    'puts what a dead session asks for without it',
    () => store => ({
      async batch(conditions, writes, options) {
        const without = writes.map((write): BatchWrite => {
          if (write.type === 'delete') return write;
          return { type: 'put', key: write.key, value: write.value };
        });
        return store.batch!(conditions, without, options);
      },
    }),
  ],
  [
    'a queue and a batch that name a dead session are refused, or go the way of its entries',
    'enqueues for a dead session',
    () => store => ({
      async enqueue(prefix, value, options) {
        try {
          return await store.enqueue!(prefix, value, options);
        } catch {
          const { id } = await store.session({ ttlMs: 60_000 });
          return store.enqueue!(prefix, value, { session: id as SessionId });
        }
      },
    }),
  ],
  [
    'a value that is too large for an entry is too large for a queue and a batch as well',
    'cuts what is too large for a queue',
    () => store => ({
      enqueue: (prefix, value, options) => store.enqueue!(prefix, value.subarray(0, 1024), options),
    }),
  ],
  [
    'a value that is too large for an entry is too large for a queue and a batch as well',
    'says nothing of what is too large for a batch',
    () => store => ({
      batch: async (...args) =>
        store.batch!(...args).catch(async (thrown: unknown) => {
          if (!(thrown instanceof RangeError)) throw thrown;
          return store.batch!(args[0], [{ type: 'put', key: 'p/a', value: encoded('cut') }]);
        }),
    }),
  ],
  [
    'limits, revisions, signals, deadlines, sessions and operations that are none are refused',
    'lists from before anything',
    () => store => ({
      list: (prefix, { createdBefore, ...options } = {}) =>
        store.list(
          prefix,
          Number.isSafeInteger(createdBefore) && createdBefore! >= 0
            ? { ...options, createdBefore: createdBefore! }
            : options,
        ),
    }),
  ],
  [
    'wrong arguments of the optional verbs are refused',
    'takes whatever is no put for a deletion',
    () => store => ({
      batch: (conditions, writes, options) =>
        store.batch!(
          conditions,
          writes.map(write => (write.type === 'put' ? write : { type: 'delete', key: write.key })),
          options,
        ),
    }),
  ],
  [
    'a watch that said that it missed something goes on with what comes later',
    'falls silent after it missed something',
    () => () => ({
      async *watch(_, __, { signal }) {
        yield { type: 'resync' };
        await new Promise(resolve => signal.addEventListener('abort', resolve));
      },
    }),
  ],
  [
    'whoever watches one of the many entries of a session is told of its end, or that something was missed',
    'deletes what a session owned without a word',
    watching(async function* (events) {
      for await (const event of events) {
        if (event.type !== 'delete' || event.entry.session === undefined) yield event;
      }
    }),
  ],
  [
    'what a batch deletes is told as it was, at the revision of the batch',
    'tells deletions without their sessions',
    watching(async function* (events) {
      for await (const event of events) {
        if (event.type !== 'delete') yield event;
        else {
          const { session: _, ...entry } = event.entry;
          yield { ...event, entry };
        }
      }
    }),
  ],
  [
    'closing ends what waits for a session with CLOSED, and not what waits through another client',
    'lets whoever waits wait on when it is closed',
    () => store => ({
      observe: (session, options) =>
        store.observe(session, options).catch((thrown: unknown) => {
          if (errorCode(thrown) === 'CLOSED') return new Promise<void>(() => {});
          throw thrown;
        }),
    }),
  ],
  [
    'the time of a session counts from before it was asked for, however late the answer comes',
    'counts from the answer',
    () => generous,
  ],
  [
    'a write whose deadline passes while it is under way is unknown or done, and its repeat tells which',
    'calls what is under way not applied',
    () => store => ({
      async put(...args) {
        const result = await store.put(...args);
        if (result.outcome !== 'unknown' || result.cause.code !== 'DEADLINE_EXCEEDED') return result;
        throw new QuorateError('DEADLINE_EXCEEDED', 'Too late', { outcome: 'not-applied' });
      },
    }),
  ],
];
