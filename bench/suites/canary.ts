import { canaryLookup } from '../src/kernels/canary-lookup.ts';
import { slowedKernel } from '../src/kernels/slowed-work.ts';
import { defineSuite } from '../src/suite.ts';

export default defineSuite({
  name: 'canary',
  about: 'Work that a check runs against itself, as it is and slowed: it must see nothing, and the slowdown.',
  onRequest: true,
  benches: [
    {
      name: 'lookup',
      about: 'hashing and binary search, so many percent more of it than it admits',
      params: { slowdown: [0] },
      contenders: {
        '@quorate/bench canary': context => slowedKernel(canaryLookup, context.number('slowdown')),
      },
    },
  ],
});
