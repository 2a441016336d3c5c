import { slowedKernel, type UnitWork } from '../src/kernels/slowed-work.ts';
import { allocation } from '../src/kernels/validation-allocation.ts';
import { arithmetic } from '../src/kernels/validation-arithmetic.ts';
import { calls } from '../src/kernels/validation-calls.ts';
import { maps } from '../src/kernels/validation-maps.ts';
import { strings } from '../src/kernels/validation-strings.ts';
import { type Bench, defineSuite } from '../src/suite.ts';

/** The bench of one kind of work; it does so many percent more than it admits. */
function slowable(nature: string, variant: string, work: UnitWork): Bench {
  return {
    name: `${nature}, ${variant}`,
    params: { slowdown: [0] },
    contenders: {
      [`@quorate/bench ${nature}`]: context => slowedKernel(work, context.number('slowdown')),
    },
  };
}

const natures = { arithmetic, allocation, maps, strings, calls };

export default defineSuite({
  name: 'validation',
  about: 'Work of different nature that can be slowed by a known share: what the check is validated with.',
  onRequest: true,
  benches: Object.entries(natures).flatMap(([nature, works]) =>
    Object.entries(works).map(([variant, work]) => slowable(nature, variant, work)),
  ),
});
