import {
  FaultyQueueStore,
  queueCases,
  type QueueFaults,
  type QueueSubject,
  runQueueCase,
} from '@quorate/conformance';
import { type QueueStore, type Random, seededRandom, sleep, systemClock } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { createMemoryQueueStore } from '../src/index.ts';

const faultCases = queueCases.filter(({ needs = [] }) => needs.some(need => ['cut', 'sever'].includes(need)));

/** The link of one client, on which each call takes a moment. */
class Link {
  readonly faults: QueueFaults;
  #held: PromiseWithResolvers<void> | undefined;
  #badCalls = 0;

  constructor(random: Random) {
    this.faults = { random, before: () => this.#before() };
  }

  cut(): void {
    this.#held = Promise.withResolvers();
  }

  heal(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  sever(): void {
    this.#badCalls = 4;
  }

  async #before(): Promise<void> {
    await (this.#held?.promise ?? sleep(systemClock, 2));
    const isBad = this.#badCalls-- > 0;
    Object.assign(this.faults, { refused: isBad ? 0.3 : 0, lost: isBad ? 0.6 : 0 });
  }
}

/** A memory behind links that can be cut, and that lose some requests and answers after each time that they break. */
function faultySubject(dress: (store: QueueStore) => QueueStore = store => store): QueueSubject {
  const first = createMemoryQueueStore();
  const random = seededRandom('queue-faults');
  const links = new Map<QueueStore, Link>();
  return {
    name: 'memory behind faulty links',
    clock: systemClock,
    random,
    leaseMs: 200,
    patienceMs: 10_000,
    async open() {
      const link = new Link(random);
      const store = dress(new FaultyQueueStore(first.open(), link.faults));
      links.set(store, link);
      return store;
    },
    cut: store => links.get(store)!.cut(),
    heal: store => links.get(store)!.heal(),
    sever: store => links.get(store)!.sever(),
  };
}

describe.concurrent('behind links that fail, a memory keeps what the seam promises', () => {
  test.for(faultCases)('$name', async queueCase => {
    expect(await runQueueCase(faultySubject(), queueCase)).toBeUndefined();
  });
});

/** Answers `change` where it does not know. */
function guessing(change: Record<string, unknown>): (store: QueueStore) => QueueStore {
  const known = (results: readonly { readonly outcome: string }[]): unknown =>
    results.map(result => (result.outcome === 'unknown' ? { ...result, ...change } : result));
  return store =>
    new Proxy(store, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = value.bind(target) as (...args: unknown[]) => unknown;
        if (name !== 'put' && name !== 'settle') return call;
        return async (...args: unknown[]) => known((await call(...args)) as []);
      },
    });
}

/** Sends each message under an id of its own. */
function forgettingIds(store: QueueStore): QueueStore {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'put') return value.bind(target) as unknown;
      return (puts: Parameters<QueueStore['put']>[0], ...rest: []) =>
        target.put(
          puts.map(({ queue, message: { body } }) => ({ queue, message: { body } })),
          ...rest,
        );
    },
  });
}

describe.concurrent('a case catches the client that', () => {
  test.for([
    [
      'takes an unknown put for done',
      'each message is put once',
      guessing({ outcome: 'applied', id: 'x', duplicate: false }),
    ],
    ['takes an unknown settlement for done', 'nothing is lost and nothing', guessing({ outcome: 'applied' })],
    ['puts again under another id', 'each message is put once', forgettingIds],
  ] as const)('%s', async ([, name, dress]) => {
    const queueCase = faultCases.find(each => each.name.includes(name))!;
    await expect(runQueueCase(faultySubject(dress), queueCase)).rejects.toThrow('is not kept');
  });
});
