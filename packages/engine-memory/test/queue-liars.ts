import type { LeasedMessage, QueueStore, SettleResult } from '@quorate/core';

/** What of a queue store is told otherwise. */
type Lie = (store: QueueStore) => Partial<Record<keyof QueueStore, unknown>>;

const done: SettleResult = { outcome: 'applied' };

/** Says `true` to all but every second call. */
function now(): () => boolean {
  let count = 0;
  return () => count++ % 2 === 0;
}

function leases(change: (messages: readonly LeasedMessage[]) => readonly LeasedMessage[]): Lie {
  return store => ({
    lease: async (...call: Parameters<QueueStore['lease']>) => change(await store.lease(...call)),
  });
}

function puts(change: (message: object) => object): Lie {
  return store => ({
    put: (given: Parameters<QueueStore['put']>[0], options: Parameters<QueueStore['put']>[1]) =>
      store.put(
        given.map(each => ({ ...each, message: { ...each.message, ...change(each.message) } })),
        options,
      ),
  });
}

function without(...names: readonly string[]): Lie {
  return puts(() => Object.fromEntries(names.map(name => [name, undefined])));
}

function state(change: Partial<QueueStore['state']>): Lie {
  return store => ({ state: withThese(store.state, change) });
}

function inspect(change: (inspector: QueueStore['inspect']) => Partial<QueueStore['inspect']>): Lie {
  return store => ({ inspect: withThese(store.inspect, change(store.inspect)) });
}

/** What a queue store may say or leave undone: the case that has to notice, what it does, and how. */
export const queueLiars: readonly (readonly [name: string, what: string, lie: Lie])[] = [
  ['messages are leased in the order', 'gives the last first', leases(messages => messages.toReversed())],
  ['messages are leased in the order', 'swallows a message', leases(messages => messages.slice(0, 6))],
  ['a message comes as it was sent', 'drops headers', without('headers')],
  [
    'a message comes as it was sent',
    'counts no delivery',
    leases(messages => messages.map(each => ({ ...each, deliveryCount: 0 }))),
  ],
  [
    'what is acknowledged is gone',
    'forgets to acknowledge',
    () => ({ settle: async (all: readonly unknown[]) => all.map(() => done) }),
  ],
  [
    'a settlement is applied once',
    'says that a lost lease is settled',
    store => ({
      settle: async (...call: Parameters<QueueStore['settle']>) =>
        (await store.settle(...call)).map(() => done),
    }),
  ],
  [
    'tokens grow',
    'gives the same token again',
    leases(messages => messages.map(each => ({ ...each, token: 7n as never }))),
  ],
  [
    'bodies of no byte',
    'cuts bodies',
    puts(message => ({ body: (message as { body: Uint8Array }).body.slice(0, 100) })),
  ],
  [
    'a message whose lease ends',
    'takes leases for ever',
    store => ({
      lease: (queue: string, options: Parameters<QueueStore['lease']>[1]) =>
        store.lease(queue, { ...options, leaseMs: 600_000, waitMs: 0 }),
    }),
  ],
  [
    'an extended lease lasts',
    'extends nothing',
    () => ({ extend: async (all: readonly unknown[]) => all.map(() => done) }),
  ],
  [
    'an extended lease lasts',
    'charges no attempt',
    store => ({
      extend: (all: Parameters<QueueStore['extend']>[0], leaseMs: number) => store.extend(all, leaseMs),
    }),
  ],
  [
    'a lease charges an attempt to those',
    'charges nothing at once',
    store => ({
      lease: (queue: string, options: Parameters<QueueStore['lease']>[1]) =>
        store.lease(queue, { ...options, startedMax: 0 }),
    }),
  ],
  [
    'a lease charges an attempt to those',
    'takes no attempt back',
    store => ({
      settle: (all: Parameters<QueueStore['settle']>[0]) =>
        store.settle(all.map(each => ({ ...each, action: { ...each.action, unstarted: false } }))),
    }),
  ],
  ['a delayed message is not leased', 'does not wait', without('delayMs', 'readyAtMs')],
  [
    'a lease waits for the first',
    'does not wait for messages',
    store => ({
      lease: (queue: string, options: Parameters<QueueStore['lease']>[1]) =>
        store.lease(queue, { ...options, waitMs: 0 }),
    }),
  ],
  ['leases of an owner that died', 'abandons nothing', () => ({ abandon: async () => 2 })],
  ['lanes come in the order', 'knows one lane', without('lane')],
  ['of a key one message', 'knows no keys', without('key')],
  ['as many messages of a key', 'lets one of a key out', without('keyActiveMax')],
  ['what is sent again under an id', 'does not know ids', without('id', 'rememberMs')],
  ['an id can be used again', 'remembers nothing', without('rememberMs')],
  [
    'a remembered id is forgotten',
    'remembers for ever',
    puts(message => ('rememberMs' in message ? { rememberMs: 2 ** 31 - 1 } : {})),
  ],
  [
    'follow-up messages and records',
    'leaves follow-ups out',
    store => ({
      settle: (all: Parameters<QueueStore['settle']>[0]) =>
        store.settle(all.map(each => ({ ...each, puts: [] }))),
    }),
  ],
  [
    'a settlement whose record has another version',
    'does not look at versions',
    store => ({
      settle: (all: Parameters<QueueStore['settle']>[0]) =>
        store.settle(
          all.map(each => ({
            ...each,
            state: (each.state ?? []).map(write => ({ ...write, version: undefined as never })),
          })),
        ),
    }),
  ],
  [
    'a record is written by compare and set',
    'writes whatever stands there',
    store => ({
      state: withThese(store.state, {
        write: write => store.state.write({ ...write, version: undefined as never }),
      }),
    }),
  ],
  [
    'a record is gone by itself',
    'keeps records for ever',
    store => ({
      state: withThese(store.state, {
        write: write => store.state.write({ ...write, expiresAtMs: undefined as never }),
      }),
    }),
  ],
  ['who watches a prefix hears', 'tells nobody', state({ watch: () => ({ [Symbol.dispose]() {} }) })],
  [
    'records are scanned by prefix',
    'gives one page alone',
    store => ({
      state: withThese(store.state, {
        scan: async (...call) => ({ items: (await store.state.scan(...call)).items }),
      }),
    }),
  ],
  [
    'a queue’s depth counts',
    'counts held messages as ready',
    inspect(inspector => ({
      depth: async (...call) => {
        const depth = await inspector.depth(...call);
        return { ...depth, readyCount: depth.readyCount + depth.heldCount, heldCount: 0 };
      },
    })),
  ],
  [
    'what is removed is gone',
    'removes nothing',
    inspect(() => ({ remove: async (_, ids) => ids.map(() => ({ outcome: 'applied', removed: true })) })),
  ],
  ['a purged queue is empty', 'purges nothing', inspect(() => ({ purge: async () => 3 }))],
  ['a client that was closed', 'is never closed', () => ({ [Symbol.asyncDispose]: async () => {} })],
  [
    'random calls are answered',
    'gives every second lease one message fewer',
    (isNow => leases(messages => (isNow() || messages.length < 2 ? messages : messages.slice(1))))(now()),
  ],
  [
    'a cursor that no page gave',
    'begins anew at a cursor that it does not know',
    state({ scan: async () => ({ items: [] }) }),
  ],
  [
    'nothing that was put is lost',
    'loses every second message',
    (isNow => store => ({
      put: async (...call: Parameters<QueueStore['put']>) =>
        isNow() ? store.put(...call) : [{ outcome: 'applied', id: 'x', duplicate: false }],
    }))(now()),
  ],
];

/** A queue store that tells a lie. */
export function lying(store: QueueStore, lie: Lie): QueueStore {
  return withThese(store, lie(store) as Partial<QueueStore>);
}

function withThese<Whole extends object>(whole: Whole, parts: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get(target, name) {
      if (name in parts) return parts[name as keyof Whole];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
