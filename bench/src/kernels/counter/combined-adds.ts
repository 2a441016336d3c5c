import type { OperationId } from '@quorate/core';
import { createCounters } from '@quorate/counter';
import { createMemoryStore } from '@quorate/engine-memory';
import type { Kernel } from '../../suite.ts';

/** How many add at the same time. */
const together = 1000;

/** Everybody adds, and waits for a value of their own. */
export function combinedAdds(): Kernel {
  const store = createMemoryStore();
  const counters = createCounters({ store });
  const counter = counters.counter('hits');
  const adds = new Array<Promise<unknown>>(together);
  return {
    ops: together,
    async run() {
      const before = await counter.get();
      for (let index = 0; index < together; index++) adds[index] = counter.add(1);
      await Promise.all(adds);
      return Number((await counter.get()) - before);
    },
    close: () => closeAll(counters, store),
  };
}

/** Everybody adds, and only the last addition's value is waited for: it comes with all of them. */
export function unawaitedAdds(): Kernel {
  const store = createMemoryStore();
  const counters = createCounters({ store });
  const counter = counters.counter('hits');
  return {
    ops: together,
    async run() {
      const before = await counter.get();
      for (let index = 1; index < together; index++) void counter.add(1);
      return Number((await counter.add(1)).value - before);
    },
    close: () => closeAll(counters, store),
  };
}

/** Everybody posts, and one waits until all is counted. */
export function postedAdds(): Kernel {
  const store = createMemoryStore();
  const counters = createCounters({ store });
  const counter = counters.counter('hits');
  return {
    ops: 100 * together,
    async run() {
      const before = await counter.get();
      for (let index = 0; index < 100 * together; index++) counter.post(1);
      await counter.flush();
      return Number((await counter.get()) - before);
    },
    close: () => closeAll(counters, store),
  };
}

/** Each addition goes to the store by itself, as without a counter. */
export async function separateAdds(): Promise<Kernel> {
  const store = createMemoryStore();
  const session = await store.session({ ttlMs: 60_000 });
  let sequence = 0;
  let value = 0n;
  return {
    ops: together,
    async run() {
      const before = value;
      for (let index = 0; index < together; index++) {
        const operation: OperationId = { session: session.id, sequence: ++sequence };
        const added = await store.add!('hits/n', 1n, { operation });
        if (added.outcome === 'applied') ({ value } = added);
      }
      return Number(value - before);
    },
    close: () => closeAll(store),
  };
}

async function closeAll(...all: readonly AsyncDisposable[]): Promise<void> {
  for (const each of all) await each[Symbol.asyncDispose]();
}
