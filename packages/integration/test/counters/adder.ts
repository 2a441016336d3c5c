import { QuorateError, sleep, systemClock } from '@quorate/core';
import { createCounters } from '@quorate/counter';
import { openStore, type StoreAddress } from '../engines.ts';

/** What an adder says: before it asks for an addition, and when that was acknowledged. */
export type Said = { readonly said: 'asks' | 'added'; readonly value?: string } | { readonly said: 'done' };

/** A process that adds one, over and over, several at once, and says of each that it began and that it was acknowledged. */
const [addressText = '', name = '', timesText = ''] = process.argv.slice(2);
const store = await openStore(JSON.parse(addressText) as StoreAddress);
const counters = createCounters({ store });
const counter = counters.counter(name);
const tell = (said: Said): void => void process.send?.(said);
const sequence = counters.sequence(`${name} numbers`, { block: 50 });

async function addOnce(): Promise<void> {
  tell({ said: 'asks' });
  const { value } = await untilReached(() => counter.add(1n));
  tell({ said: 'added', value: `${value} ${await untilReached(() => sequence.next())}` });
}

/** Calls again what certainly had no effect, as long as the store cannot be reached. */
async function untilReached<Result>(call: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await call();
    } catch (thrown) {
      if (!(thrown instanceof QuorateError && thrown.retryable && thrown.outcome === 'not-applied'))
        throw thrown;
      await sleep(systemClock, 20);
    }
  }
}

const times = Number(timesText);
for (let time = 0; time < times; time += 4) await Promise.all([addOnce(), addOnce(), addOnce(), addOnce()]);
await counters[Symbol.asyncDispose]();
await store[Symbol.asyncDispose]();
process.send?.({ said: 'done' } satisfies Said, undefined, undefined, () => process.disconnect?.());
