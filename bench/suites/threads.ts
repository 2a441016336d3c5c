import {
  callEcho,
  manyAtATime,
  oneAtATime,
  pingPongKernel,
  piscinaEcho,
  portEcho,
} from '../src/kernels/round-trips.ts';
import { defineSuite } from '../src/suite.ts';

/**
 * How much a check must see before it calls it a change: most of these times is the system waking a thread, which differs by
 * as much from minute to minute.
 */
const wakeUps = 0.25;

export default defineSuite({
  name: 'threads',
  about: 'From one thread to another and back: calls, plain messages, a pool, shared memory.',
  benches: [
    {
      name: 'round trip',
      about: 'a number goes to another thread and comes back before the next one goes',
      agree: true,
      minEffect: wakeUps,
      contenders: {
        '@quorate/threads call': oneAtATime(callEcho, 200),
        'node postMessage': oneAtATime(portEcho, 200),
        'piscina run': oneAtATime(piscinaEcho, 200),
      },
    },
    {
      name: 'messages, 64 under way',
      about: 'the same with 64 numbers on their way at any time; the rate is what matters here',
      agree: true,
      minEffect: wakeUps,
      contenders: {
        '@quorate/threads call': manyAtATime(callEcho, 1000, 64),
        'node postMessage': manyAtATime(portEcho, 1000, 64),
        'piscina run': manyAtATime(piscinaEcho, 1000, 64),
      },
    },
    {
      name: 'calls at a rate',
      about:
        'a number goes to another thread 2,000 times a second, whether the last one is back or not; an answer counts from when its call was due',
      agree: true,
      rate: 2000,
      minEffect: wakeUps,
      contenders: {
        '@quorate/threads call': oneAtATime(callEcho, 200),
        'node postMessage': oneAtATime(portEcho, 200),
        'piscina run': oneAtATime(piscinaEcho, 200),
      },
    },
    {
      name: 'park and wake',
      about:
        'a counter in shared memory goes up, the other thread sees it and answers; both block in between',
      minEffect: wakeUps,
      contenders: {
        '@quorate/threads park': pingPongKernel(0, 200),
        '@quorate/threads park, 500 spins': pingPongKernel(500, 200),
        'Atomics.wait': pingPongKernel(undefined, 200),
      },
    },
  ],
});
