import { createCounters, type IdGenerator } from '@quorate/counter';
import { createMemoryStore } from '@quorate/engine-memory';
import type { Kernel } from '../../suite.ts';

const ids = 20_000;

/** Makes ids in a tight loop. With 18 bits of sequence a millisecond has 262,144: more than can be made in it. */
export function madeIds(next: (generator: IdGenerator) => unknown): () => Promise<Kernel> {
  return async () => {
    const store = createMemoryStore();
    const counters = createCounters({ store });
    const generator = await counters.ids('bench', { workerBits: 4, sequenceBits: 18 });
    return {
      ops: ids,
      async run() {
        let made = 0;
        for (let index = 0; index < ids; index++) if (next(generator) !== undefined) made++;
        return made;
      },
      async close() {
        await counters[Symbol.asyncDispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  };
}

/** The control: a bigint that is one larger each time, without a time, a worker or a lease. */
export function countedBigints(): Kernel {
  let last = 0n;
  return {
    ops: ids,
    run() {
      let made = 0;
      for (let index = 0; index < ids; index++) {
        last = BigInt.asUintN(64, last + 1n);
        if (last !== 0n) made++;
      }
      return made;
    },
  };
}

/** Numbers of a sequence, a block of 20,000 at a time. */
export async function sequenceNumbers(): Promise<Kernel> {
  const store = createMemoryStore();
  const counters = createCounters({ store });
  const sequence = counters.sequence('bench', { block: ids });
  return {
    ops: ids,
    async run() {
      let made = 0;
      for (let index = 0; index < ids; index++) {
        if ((sequence.tryNext() ?? (await sequence.next())) > 0n) made++;
      }
      return made;
    },
    async close() {
      await counters[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}
