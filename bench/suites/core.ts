import { channel } from 'node:diagnostics_channel';
import { defineChannel } from '@quorate/core';
import { defineSuite, type Kernel } from '../src/suite.ts';

const rounds = 100_000;

/** Does a step so many times that the clock's own time does not count; `step` gives something to add up. */
function loop(step: (round: number) => number): Kernel {
  return {
    ops: rounds,
    run() {
      let sum = 0;
      for (let round = 0; round < rounds; round++) sum = (Math.imul(sum, 31) + step(round)) | 0;
      return sum;
    },
  };
}

const idle = defineChannel<{ round: number }>('quorate:bench:idle');
const native = channel('quorate:bench:idle-native');

export default defineSuite({
  name: 'core',
  about: 'What the seams cost that sit in every hot path.',
  benches: [
    {
      name: 'telemetry nobody listens to',
      about: 'the control is the same loop without telemetry; the difference is what telemetry costs',
      controls: ['loop alone'],
      of: '@quorate/core, guarded',
      contenders: {
        '@quorate/core, guarded': () =>
          loop(round => {
            if (idle.active) idle.publish({ round });
            return round;
          }),
        '@quorate/core, publish': () =>
          loop(round => {
            idle.publish({ round });
            return round;
          }),
        'node:diagnostics_channel, guarded': () =>
          loop(round => {
            if (native.hasSubscribers) native.publish({ round });
            return round;
          }),
        'loop alone': () => loop(round => round),
      },
      goals: [
        { of: '@quorate/core, guarded', limit: 10 },
        { of: '@quorate/core, publish', limit: 10 },
      ],
    },
  ],
});
