import { channel } from 'node:diagnostics_channel';
import { defineChannel } from '@quorate/core';
import { defineSuite, type Kernel } from '../src/suite.ts';

const rounds = 100_000;

/**
 * Does a step so many times that the clock's own time does not count; `step` gives something to add up.
 *
 * @param together steps that count as one operation
 */
function loop(step: (round: number) => number, together = 1): Kernel {
  return {
    ops: rounds / together,
    run() {
      let sum = 0;
      for (let round = 0; round < rounds; round++) sum = (Math.imul(sum, 31) + step(round)) | 0;
      return sum;
    },
  };
}

const idle = defineChannel<{ round: number }>('quorate:bench:idle');
const native = channel('quorate:bench:idle-native');

const guarded = (round: number): number => {
  if (idle.active) idle.publish({ round });
  return round;
};
const published = (round: number): number => {
  idle.publish({ round });
  return round;
};

export default defineSuite({
  name: 'core',
  about: 'What the seams cost that sit in every hot path.',
  benches: [
    {
      name: 'telemetry nobody listens to',
      about: 'the control is the same loop without telemetry; the difference is what telemetry costs',
      controls: ['loop alone'],
      of: '@quorate/core, guarded',
      unchecked: 'an operation takes no longer than a turn of the loop around it; the next bench is checked',
      contenders: {
        '@quorate/core, guarded': () => loop(guarded),
        '@quorate/core, publish': () => loop(published),
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
    {
      name: 'a hundred times telemetry nobody listens to',
      about: 'the same, a hundred times to an operation: long enough for the regression check',
      contenders: {
        '@quorate/core, guarded': () => loop(guarded, 100),
        '@quorate/core, publish': () => loop(published, 100),
      },
    },
  ],
});
