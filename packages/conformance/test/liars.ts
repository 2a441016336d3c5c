import {
  type Entry,
  QuorateError,
  type Revision,
  type Session,
  type Store,
  type StoreEvent,
  type WriteResult,
} from '@quorate/core';
import type { Lie } from './dressed-store.ts';

type Put = Parameters<Store['put']>;

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const encoded = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Options without one of them. */
function without<Options extends object>(options: Options | undefined, name: keyof Options): Options {
  return { ...options, [name]: undefined } as Options;
}

/** A session with some of its parts exchanged. */
function dressedSession(session: Session, parts: Partial<Session>): Session {
  return {
    id: session.id,
    lost: session.lost,
    remainingMs: () => session.remainingMs(),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
    ...parts,
  };
}

/** Changes the events of every watch. */
function watching(change: (events: AsyncIterable<StoreEvent>) => AsyncIterable<StoreEvent>): () => Lie {
  return () => store => ({ watch: (prefix, from, options) => change(store.watch(prefix, from, options)) });
}

/** Changes every entry that goes out. */
function entries(change: (entry: Entry) => Entry): () => Lie {
  const changed = (entry: Entry | undefined): Entry | undefined => entry && change(entry);
  return () => store => ({
    get: async (...args) => changed(await store.get(...args)),
    async list(...args) {
      const listing = await store.list(...args);
      return { ...listing, entries: listing.entries.map(change) };
    },
  });
}

async function forced(store: Store, [key, value, condition, options]: Put): Promise<WriteResult> {
  const result = await store.put(key, value, condition, options);
  if (result.outcome !== 'not-applied' || result.current === undefined) return result;
  return store.put(key, value, { modified: result.current.modified }, options);
}

/** Counts revisions of a partition from 1 again each time it was emptied. */
function restarting(): Lie {
  const origins = new Map<string, number>();
  const originOf = (key: string): number => origins.get(key.split('/')[0] as string) ?? 0;
  const out = <Value>(key: string, value: Value): Value => {
    const shift = (part: unknown): unknown => {
      if (part instanceof Uint8Array || typeof part !== 'object' || part === null) return part;
      if (Array.isArray(part)) return part.map(shift);
      const shifted = Object.entries(part).map(([name, field]) =>
        ['created', 'modified', 'revision'].includes(name)
          ? [name, (field as number) - originOf(key)]
          : [name, shift(field)],
      );
      return Object.fromEntries(shifted) as unknown;
    };
    return shift(value) as Value;
  };
  const into = (key: string, condition: Put[2]): Put[2] =>
    Object.fromEntries(
      Object.entries(condition).map(([name, field]) => [
        name,
        field === true ? true : (field as number) + originOf(key),
      ]),
    ) as unknown as Put[2];
  return store => ({
    get: async (key, options) => out(key, await store.get(key, options)),
    list: async (prefix, options) => out(prefix, await store.list(prefix, options)),
    put: async (key, value, condition, options) =>
      out(key, await store.put(key, value, into(key, condition), options)),
    async delete(key, condition, options) {
      const result = out(key, await store.delete(key, into(key, condition), options));
      const partition = key.split('/')[0] as string;
      const { entries: left, revision } = await store.list(partition);
      if (left.length === 0) origins.set(partition, revision);
      return result;
    },
  });
}

/** Stores that break a promise each: what they say of themselves, and what they do. */
export const liars: Readonly<Record<string, () => Lie>> = {
  'counts revisions from 1 again': restarting,
  'ignores "absent"': () => store => ({
    put: (...args) => ('absent' in args[2] ? forced(store, args) : store.put(...args)),
  }),
  'ignores "modified"': () => store => ({
    put: (...args) => ('modified' in args[2] ? forced(store, args) : store.put(...args)),
  }),
  'takes "created" for "is there"': () => store => ({
    async delete(key, condition, options) {
      const current = await store.get(key);
      if (current === undefined || 'modified' in condition) return store.delete(key, condition, options);
      return store.delete(key, { created: current.created }, options);
    },
  }),
  'says nothing of what stands there instead': () => store => ({
    async put(...args) {
      const result = await store.put(...args);
      return result.outcome === 'not-applied' ? { outcome: 'not-applied' } : result;
    },
  }),
  'makes a new creation of every change': entries(entry => ({ ...entry, created: entry.modified })),
  'takes values for text': entries(entry => ({ ...entry, value: encoded(text(entry.value)) })),
  'takes alike letters for one': () => store => ({
    get: (key, options) => store.get(key.normalize(), options),
    put: (key, ...args) => store.put(key.normalize(), ...args),
  }),
  'reads what it read before': () => store => {
    const known = new Map<string, Entry | undefined>();
    return {
      async get(key, options) {
        if (!known.has(key)) known.set(key, await store.get(key, options));
        return known.get(key);
      },
    };
  },
  'hands out one and the same bytes': () => {
    const shared = new Map<string, Entry>();
    return store => ({
      async get(key, options) {
        const entry = await store.get(key, options);
        if (entry === undefined) return undefined;
        const before = shared.get(key);
        if (before?.modified === entry.modified) return before;
        shared.set(key, entry);
        return entry;
      },
    });
  },
  'lists by key': () => store => ({
    async list(...args) {
      const { entries: found, revision } = await store.list(...args);
      return { entries: found.toSorted((one, other) => (one.key < other.key ? -1 : 1)), revision };
    },
  }),
  'lists oldest first whatever it is asked': () => store => ({
    list: (prefix, options) => store.list(prefix, { ...options, newestFirst: false }),
  }),
  'lists without a limit': () => store => ({
    list: (prefix, options) => store.list(prefix, without(options, 'limit')),
  }),
  'lists what was created at a revision as before it': () => store => ({
    list: (prefix, options = {}) =>
      store.list(prefix, {
        ...options,
        ...(options.createdBefore === undefined
          ? {}
          : { createdBefore: (options.createdBefore + 1) as Revision }),
      }),
  }),
  'ends a prefix at a slash': () => store => ({
    async list(prefix, options) {
      const { entries: found, revision } = await store.list(prefix, options);
      const isWhole = (key: string): boolean =>
        key === prefix || prefix.endsWith('/') || key[prefix.length] === '/';
      return { entries: found.filter(({ key }) => isWhole(key)), revision };
    },
  }),
  'lists an older revision than its entries': () => store => ({
    async list(...args) {
      const listing = await store.list(...args);
      return { ...listing, revision: Math.max(0, listing.revision - 1) as Revision };
    },
  }),
  'swallows every fifth event': watching(async function* (events) {
    let count = 0;
    for await (const event of events) if (++count % 5 !== 0) yield event;
  }),
  'swallows deletions': watching(async function* (events) {
    for await (const event of events) if (event.type !== 'delete') yield event;
  }),
  'tells every event twice': watching(async function* (events) {
    for await (const event of events) yield* [event, event];
  }),
  'tells events in the wrong order': watching(async function* (events) {
    let held: StoreEvent | undefined;
    for await (const event of events) {
      if (held === undefined) held = event;
      else {
        yield* [event, held];
        held = undefined;
      }
    }
  }),
  'tells events without values': watching(async function* (events) {
    for await (const event of events)
      yield event.type === 'resync'
        ? event
        : { ...event, entry: { ...event.entry, value: new Uint8Array() } };
  }),
  'says that it pushes, and tells nothing': watching(async function* (events) {
    const told = new Set<StoreEvent>();
    for await (const event of events) if (told.has(event)) yield event;
  }),
  'tells nothing but that something was missed': watching(async function* (events) {
    for await (const _ of events) yield { type: 'resync' };
  }),
  'watches more than it was asked for': () => store => ({
    watch: (prefix, ...args) => store.watch(prefix.split('/')[0] as string, ...args),
  }),
  'watches from now, whatever the revision': () => store => ({
    async *watch(prefix, from, options) {
      const { revision } = await store.list(prefix);
      yield* store.watch(prefix, Math.max(from, revision) as Revision, options);
    },
  }),
  'ends a watch by itself': watching(async function* (events) {
    let count = 0;
    for await (const event of events) {
      yield event;
      if (++count === 2) return;
    }
  }),
  'takes for dead who lives': () => () => ({ async observe() {} }),
  'takes for alive who is dead': () => () => ({ observe: () => new Promise<void>(() => {}) }),
  'keeps entries of dead sessions': () => store => ({
    async put(key, value, condition, { session, ...options } = {}) {
      const result = await store.put(key, value, condition, options);
      if (result.outcome !== 'applied' || session === undefined) return result;
      return { ...result, entry: { ...result.entry, session } };
    },
  }),
  'ends no session': () => store => ({
    session: async options =>
      dressedSession(await store.session(options), { async [Symbol.asyncDispose]() {} }),
  }),
  'tells nobody that a session is lost': () => store => ({
    async session(options) {
      const session = await store.session(options);
      return dressedSession(session, {
        lost: new AbortController().signal,
        remainingMs: () => options.ttlMs,
      });
    },
  }),
  'opens the same session again': () => {
    let last: Session | undefined;
    return store => ({
      async session(options) {
        last = last === undefined || last.lost.aborted ? await store.session(options) : last;
        return last;
      },
    });
  },
  'lets sessions live for as long as they like': () => store => ({
    session: async options => store.session({ ...options, ttlMs: 100 * options.ttlMs }),
  }),
  'forgets operations of put': () => store => ({
    put: (key, value, condition, options) => store.put(key, value, condition, without(options, 'operation')),
  }),
  'forgets operations of delete': () => store => ({
    delete: (key, condition, options) => store.delete(key, condition, without(options, 'operation')),
  }),
  'forgets operations of enqueue': () => store => ({
    enqueue: (prefix, value, options) =>
      store.enqueue!(prefix, value, { ...without(options, 'operation'), session: options.session }),
  }),
  'forgets operations of batch': () => store => ({
    batch: (conditions, writes, options) => store.batch!(conditions, writes, without(options, 'operation')),
  }),
  'adds again what is repeated': () => {
    let count = 0;
    return store => ({
      add: (key, delta, { operation, ...options }) =>
        store.add!(key, delta, {
          ...options,
          operation: { ...operation, sequence: operation.sequence * 1000 + ++count },
        }),
    });
  },
  'carries out what comes late': () => store => ({
    async put(...args) {
      const result = await store.put(...args);
      if (result.outcome !== 'unknown' || result.cause.code !== 'OPERATION_SUPERSEDED') return result;
      const [key, value, condition] = args;
      return store.put(key, value, condition);
    },
  }),
  'remembers what it refused': () => {
    const refused = new Map<string, WriteResult>();
    return store => ({
      async put(...args) {
        const name = JSON.stringify(args[3]?.operation);
        const result = refused.get(name) ?? (await store.put(...args));
        if (args[3]?.operation !== undefined && result.outcome === 'not-applied') refused.set(name, result);
        return result;
      },
    });
  },
  'takes the first of a queue for who stands before': () => store => ({
    async enqueue(...args) {
      const result = await store.enqueue!(...args);
      return result.outcome === 'applied' && result.predecessor
        ? { ...result, predecessor: result.head }
        : result;
    },
  }),
  'tells of a repeated enqueue what it told before': () => {
    const told = new Map<string, Awaited<ReturnType<NonNullable<Store['enqueue']>>>>();
    return store => ({
      async enqueue(...args) {
        const name = JSON.stringify(args[2].operation);
        const result = (args[2].operation && told.get(name)) ?? (await store.enqueue!(...args));
        told.set(name, result);
        return result;
      },
    });
  },
  'adds as floating point': () => store => ({
    async add(...args) {
      const result = await store.add!(...args);
      return result.outcome === 'applied' ? { ...result, value: BigInt(Number(result.value)) } : result;
    },
  }),
  'adds beyond 64 bits by starting anew': () => store => ({
    async add(key, delta, options) {
      try {
        return await store.add!(key, delta, options);
      } catch (thrown) {
        if (!(thrown instanceof RangeError) || !thrown.message.includes('64-bit')) throw thrown;
        return store.add!(key, 0n, options);
      }
    },
  }),
  'writes a batch bit by bit': () => store => ({
    async batch(conditions, writes, options) {
      let result = await store.batch!(conditions, writes.slice(0, 1), options);
      for (const write of writes.slice(1)) {
        if (result.outcome === 'applied') result = await store.batch!(new Map(), [write]);
      }
      return result;
    },
  }),
  'names the last condition that failed': () => store => ({
    batch: (conditions, ...args) => store.batch!(new Map([...conditions].toReversed()), ...args),
  }),
  'goes on after it was closed': () => () => ({ async [Symbol.asyncDispose]() {} }),
  'ends watches without a word when it is closed': watching(async function* (events) {
    try {
      yield* events;
    } catch (thrown) {
      if (!(thrown instanceof QuorateError) || thrown.code !== 'CLOSED') throw thrown;
    }
  }),
  'heeds no deadline': () => store => ({
    get: key => store.get(key),
    list: (prefix, options) => store.list(prefix, without(options, 'deadlineMs')),
  }),
  'throws what is unknown': () => store => ({
    async put(...args) {
      const result = await store.put(...args);
      if (result.outcome === 'unknown') throw result.cause;
      return result;
    },
  }),
  'takes any argument': () => store => ({
    get: async (key, options) => (key === '' ? undefined : store.get(key, options)),
  }),
  'claims a verb that it has not': () => () => ({ enqueue: undefined }),
  'has a verb that it disclaims': () => store => ({
    capabilities: { ...store.capabilities, verbs: { ...store.capabilities.verbs, add: false } },
  }),
  'claims to take larger values': () => store => ({
    capabilities: { ...store.capabilities, valueMaxBytes: 2 * store.capabilities.valueMaxBytes },
  }),
  'claims shorter times to live': () => store => ({
    capabilities: { ...store.capabilities, ttlMinMs: store.capabilities.ttlMinMs / 2 },
  }),
};
