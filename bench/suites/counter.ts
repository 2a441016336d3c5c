import {
  combinedAdds,
  postedAdds,
  separateAdds,
  unawaitedAdds,
} from '../src/kernels/counter/combined-adds.ts';
import { countedBigints, madeIds, sequenceNumbers } from '../src/kernels/counter/made-ids.ts';
import { pnDeltas } from '../src/kernels/counter/pn-merges.ts';
import {
  bareAdd32,
  bareAdd64,
  counterWords,
  sharedPost,
  stripedAdd,
} from '../src/kernels/counter/shared-words.ts';
import { defineSuite } from '../src/suite.ts';

export default defineSuite({
  name: 'counter',
  about: 'Counters that count once: what combining saves, and what ids and shared words cost.',
  benches: [
    {
      name: 'combined adds',
      about:
        'exactly-once additions on the memory store: a thousand at the same time become one; posts have no promise each; the last sends each by itself',
      contenders: {
        '@quorate/counter post': postedAdds,
        '@quorate/counter add': combinedAdds,
        '@quorate/counter add, the last one awaited': unawaitedAdds,
        'store add, one by one': separateAdds,
      },
      goals: [
        { of: '@quorate/counter post', limit: 100 },
        { of: '@quorate/counter add, the last one awaited', limit: 100 },
      ],
    },
    {
      name: 'ids',
      about: 'time-ordered ids in a tight loop, 18 bits of sequence; the control is a bigint that counts',
      controls: ['bigint + 1'],
      contenders: {
        '@quorate/counter ids': madeIds(generator => generator.nextSync()),
        '@quorate/counter ids, text': madeIds(generator => generator.nextTextSync()),
        '@quorate/counter sequence': sequenceNumbers,
        'bigint + 1': countedBigints,
      },
      goals: [{ of: '@quorate/counter ids', limit: 1000 / 30 }],
    },
    {
      name: 'shared words',
      about: 'threads count in shared memory, each in a cache line of its own, or all in one word',
      threads: [1, 2],
      controls: ['Atomics.add, own line'],
      group: counterWords,
      contenders: {
        '@quorate/counter striped': stripedAdd,
        'Atomics.add, own line': bareAdd32,
        'Atomics.add of 64 bits, own line': bareAdd64,
        '@quorate/counter shared': sharedPost,
      },
      goals: [{ of: '@quorate/counter striped', to: 'Atomics.add, own line', atMost: 1 / 0.95 }],
    },
    {
      name: 'pn delta',
      about: 'one replica counts, another asks for what it lacks and takes it in',
      params: { actors: [3, 100] },
      contenders: { '@quorate/counter PN-counter': pnDeltas },
    },
  ],
});
