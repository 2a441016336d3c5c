import { Ring, type RingSnapshot } from '@quorate/ring';
import { nodeNames } from '../src/kernels/node-names.ts';
import { defineSuite, type Kernel } from '../src/suite.ts';

/** Looked up in one pass; short, so that the threads of a group start and end close together. */
const batch = 2000;

/** Int32 slots between two threads' counters: 256 bytes, so that no two share a cache line or a prefetched pair. */
const padding = 64;

export default defineSuite({
  name: 'ring-threads',
  about: 'One ring in shared memory, looked up by several threads at once.',
  benches: [
    {
      name: 'lookup on a shared snapshot',
      about:
        'every thread attaches to one snapshot; the control adds to a counter of its own and shares nothing',
      params: { nodes: [100], keys: [100_000] },
      threads: [1, 2, 4],
      controls: ['sharded add'],
      group: context => ({
        snapshot: Ring.build({ nodes: nodeNames(context.number('nodes')) }).share(),
        counters: new SharedArrayBuffer(padding * 64 * Int32Array.BYTES_PER_ELEMENT),
      }),
      contenders: {
        '@quorate/ring': context => {
          const ring = Ring.attach((context.group as { snapshot: RingSnapshot }).snapshot);
          const keys = context.keys(context.number('keys'));
          const strings = Array.from({ length: keys.count }, (_, index) => keys.fresh(index));
          const size = Math.min(batch, strings.length);
          return {
            ops: size,
            cycle: Math.floor(strings.length / size),
            run(pass) {
              let sum = 0;
              const end = (pass + 1) * size;
              for (let at = pass * size; at < end; at++) {
                sum = (Math.imul(sum, 31) + ring.index(strings[at] as string)) | 0;
              }
              return sum;
            },
          };
        },
        'sharded add': ({ group, thread }): Kernel => {
          const counters = new Int32Array((group as { counters: SharedArrayBuffer }).counters);
          const slot = thread.index * padding;
          return {
            ops: batch * 10,
            run() {
              const before = Atomics.load(counters, slot);
              for (let round = 0; round < batch * 10; round++) Atomics.add(counters, slot, 1);
              return (Atomics.load(counters, slot) - before) | 0;
            },
          };
        },
      },
      goals: [{ of: '@quorate/ring', threads: 2, atLeast: 1.8, control: 'sharded add' }],
    },
  ],
});
