import { compareAndSwap, counterMemory, sharedAdd, shardedAdd } from '../src/kernels/shared-counter.ts';
import { parking, plainFutex } from '../src/kernels/futex-mutex.ts';
import { accountMemory, lockedVisits } from '../src/kernels/guarded-account.ts';
import { lookUpAlone, publishAndLookUp } from '../src/kernels/ring-publishers.ts';
import { defineSuite } from '../src/suite.ts';

export default defineSuite({
  name: 'contention',
  about: 'Threads that want the same thing at once: what they wait for, and how often they try again.',
  benches: [
    {
      name: 'counter',
      about: 'all threads add to one word of shared memory; the control has a word for each thread',
      threads: [1, 2],
      controls: ['sharded add'],
      group: counterMemory,
      contenders: {
        '@quorate/threads struct, compare and swap': compareAndSwap,
        'Atomics.add': sharedAdd,
        'sharded add': shardedAdd,
      },
    },
    {
      name: 'mutex',
      about:
        'a lock of one word that each thread holds for half of its time; who finds it held sleeps, after one look or after many',
      threads: [1, 2],
      blocking: true,
      group: accountMemory,
      contenders: {
        '@quorate/threads park': lockedVisits(parking(0)),
        '@quorate/threads park, 100 spins': lockedVisits(parking(100)),
        'Atomics.wait': lockedVisits(plainFutex),
      },
    },
    {
      name: 'ring reference',
      about: 'each thread publishes a ring, then looks up 500 keys in the ring that its neighbour published',
      params: { nodes: [100] },
      threads: [2],
      controls: ['lookups alone'],
      group: () => null,
      contenders: {
        '@quorate/ring RingRef': publishAndLookUp,
        'lookups alone': lookUpAlone,
      },
    },
  ],
});
