import { falsePositives, memberMessages, memberSeconds } from '../src/kernels/simulated-members.ts';
import { defineSuite, type Setup } from '../src/suite.ts';

const hourMs = 3_600_000;
const seeds = 5;

const slowMembers =
  (lifeguard: boolean): Setup =>
  context =>
    falsePositives(100, context.number('slowMs'), lifeguard, seeds);

export default defineSuite({
  name: 'membership',
  about: 'SWIM with Lifeguard: the pure core, many of them in one event loop.',
  benches: [
    {
      name: 'swim messages',
      about:
        'time per message that is written, handed over, read and checked: a hundred members join by one and run for five simulated minutes',
      contenders: { '@quorate/membership': () => memberMessages(100, 300_000) },
    },
    {
      name: 'swim hour',
      about:
        'seconds of processor time for one simulated hour of a thousand members, joining included; every message is written and read as over a network',
      unit: 'count',
      slow: true,
      unchecked: 'one run takes up to a minute',
      contenders: { '@quorate/membership': () => memberSeconds(1000, hourMs) },
      goals: [{ of: '@quorate/membership', limit: 60 }],
    },
    {
      name: 'swim false positives',
      about: `one more than how often a healthy one of 100 members was taken for dead, counted at each member, in ${seeds} runs of five simulated minutes in which ten handle no messages for up to slowMs at a time`,
      params: { slowMs: [8000, 16_000, 32_000] },
      unit: 'count',
      unchecked: 'it is a count of another kind of mistake than slowness',
      contenders: { '@quorate/membership': slowMembers(true), 'without Lifeguard': slowMembers(false) },
      goals: [{ of: '@quorate/membership', to: 'without Lifeguard', atMost: 0.1 }],
    },
  ],
});
