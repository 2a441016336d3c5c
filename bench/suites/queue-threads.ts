import { portEcho, streamEcho } from '../src/kernels/queue-threads/echo.ts';
import { flow } from '../src/kernels/queue-threads/flow.ts';
import { pingPongKernel } from '../src/kernels/round-trips.ts';
import { defineSuite } from '../src/suite.ts';

const stream = '@quorate/queue ThreadStream';
const queue = '@quorate/queue ThreadQueue';
const port = 'MessagePort';
const packed = 'MessagePort, 64 in a transferred buffer';
const oneToOne = { producers: 1, consumers: 1 };
const threeToOne = { producers: 3, consumers: 1 };
const twoToTwo = { producers: 2, consumers: 2 };
const unchecked = 'it measures threads that take turns on the cores';

export default defineSuite({
  name: 'queue-threads',
  about: 'Messages of 64 bytes between Piscina workers of one process.',
  benches: [
    {
      name: 'one to one',
      about: 'one message at a time, as fast as they go; both write and read every word of a message',
      blocking: true,
      agree: true,
      unchecked,
      contenders: {
        [stream]: flow({ ...oneToOne, kind: 'stream', messages: 102_400 }),
        [queue]: flow({ ...oneToOne, kind: 'queue', messages: 102_400 }),
        [port]: flow({ ...oneToOne, kind: 'port', messages: 102_400 }),
        [packed]: flow({ ...oneToOne, kind: 'port, packed', messages: 102_400 }),
      },
      goals: [{ of: stream, to: port, atMost: 1 / 15 }],
    },
    {
      name: 'batches of 64',
      about: 'the same where the producer has many at a time',
      blocking: true,
      agree: true,
      unchecked,
      contenders: {
        [stream]: flow({ ...oneToOne, kind: 'stream, batches', messages: 204_800 }),
        [packed]: flow({ ...oneToOne, kind: 'port, packed', messages: 204_800 }),
      },
      goals: [{ of: stream, limit: 50 }],
    },
    {
      name: 'three to one',
      about: 'messages of three producers to one consumer; a MessagePort from each',
      blocking: true,
      agree: true,
      unchecked,
      contenders: {
        [queue]: flow({ ...threeToOne, kind: 'queue', messages: 98_304 }),
        [port]: flow({ ...threeToOne, kind: 'port', messages: 98_304 }),
        [packed]: flow({ ...threeToOne, kind: 'port, packed', messages: 98_304 }),
      },
    },
    {
      name: 'diamond',
      about:
        'messages of one producer to two stages, and to a third when both are done with them; by ports the two hand them on, and each is read when it has come from both',
      blocking: true,
      agree: true,
      unchecked,
      contenders: {
        [stream]: flow({ topology: 'diamond', kind: 'stream', messages: 51_200 }),
        [port]: flow({ topology: 'diamond', kind: 'port', messages: 51_200 }),
        [packed]: flow({ topology: 'diamond', kind: 'port, packed', messages: 51_200 }),
      },
    },
    {
      name: 'two to two',
      about: 'each message to whoever takes it; a MessagePort from each producer to each consumer, in turn',
      blocking: true,
      agree: true,
      unchecked,
      contenders: {
        [queue]: flow({ ...twoToTwo, kind: 'queue', messages: 102_400 }),
        [port]: flow({ ...twoToTwo, kind: 'port', messages: 102_400 }),
        [packed]: flow({ ...twoToTwo, kind: 'port, packed', messages: 102_400 }),
      },
      goals: [{ of: queue, limit: 1000 / 6 }],
    },
    {
      name: 'round trip',
      about:
        'a message goes to another thread and comes back before the next one goes; one way is half of it',
      blocking: true,
      agree: true,
      unchecked,
      contenders: {
        [`${stream}, spinning`]: streamEcho(1_000_000),
        [`${stream}, parking`]: streamEcho(0),
        [port]: portEcho,
        'Atomics.wait, a counter': pingPongKernel(undefined, 200),
      },
      controls: ['Atomics.wait, a counter'],
    },
  ],
});
