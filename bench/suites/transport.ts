import { withCoresAwake } from '../src/kernels/awake-cores.ts';
import { grpcLine } from '../src/kernels/transport/grpc-line.ts';
import { pipelined, roundTrips } from '../src/kernels/transport/line.ts';
import { messagePortLine } from '../src/kernels/transport/message-port.ts';
import { netLine } from '../src/kernels/transport/net-line.ts';
import { oneWay, oneWayThroughPort } from '../src/kernels/transport/one-way.ts';
import { requestLine, tcpLine } from '../src/kernels/transport/tcp-line.ts';
import { blockingRoundTrips, threadLine } from '../src/kernels/transport/thread-line.ts';
import { type Bench, defineSuite } from '../src/suite.ts';

/** Most of these times is the system waking a thread, even on a core that is awake: it differs by as much from minute to minute. */
const wakeUps = 0.25;
/** Servers run for long, and some of what is compared here is more code than the rest: it is measured once it is compiled. */
const [roundTripsWarm, pipelinesWarm] = [60, 20];
const [tcp, tls, net, nodeTls, grpc] = [
  '@quorate/transport, TCP',
  '@quorate/transport, TLS',
  'node:net',
  'node:tls',
  'grpc-js unary',
];
const requests = '@quorate/transport, requests over TCP';
const shared = '@quorate/transport, shared memory, blocking';

/** The peer is a thread of the same process, for ours and for everybody else. */
const sockets: Bench[] = [
  {
    name: 'round trips',
    about: '100 bytes go to another thread over the loopback interface and come back before the next go',
    minEffect: wakeUps,
    warmupCycles: roundTripsWarm,
    contenders: {
      [tcp]: roundTrips(tcpLine(false), 200),
      [requests]: roundTrips(requestLine(), 200),
      [tls]: roundTrips(tcpLine(true), 200),
      [net]: roundTrips(netLine(false, 'none'), 200),
      [nodeTls]: roundTrips(netLine(true, 'none'), 200),
      [grpc]: roundTrips(grpcLine(), 100),
    },
    goals: [
      { of: tcp, to: net, atMost: 1 / 0.9 },
      { of: tcp, to: grpc, atMost: 1 / 8 },
      { of: requests, to: grpc, atMost: 1 / 8 },
      { of: tls, to: tcp, atMost: 1 / 0.75 },
    ],
  },
  {
    name: 'pipelined',
    about:
      'the same with a window of messages under way at any time; an operation is a message that came back',
    params: { window: [256] },
    minEffect: wakeUps,
    warmupCycles: pipelinesWarm,
    contenders: {
      [tcp]: pipelined(tcpLine(false), 20_000),
      [requests]: pipelined(requestLine(), 2560),
      [tls]: pipelined(tcpLine(true), 20_000),
      [`${net}, cork`]: pipelined(netLine(false, 'cork'), 20_000),
      [`${net}, copied into one write`]: pipelined(netLine(false, 'copy'), 20_000),
      [`${nodeTls}, copied into one write`]: pipelined(netLine(true, 'copy'), 20_000),
      [grpc]: pipelined(grpcLine(), 1024),
    },
    goals: [
      { of: tcp, limit: 1000 },
      { of: tls, to: tcp, atMost: 1 / 0.75 },
    ],
  },
  {
    name: "TLS, the platform's own",
    about: 'round trips of 100 bytes: what encryption costs where nobody adds to it',
    warmupCycles: roundTripsWarm,
    contenders: {
      [nodeTls]: roundTrips(netLine(true, 'none'), 200),
      [net]: roundTrips(netLine(false, 'none'), 200),
    },
    unchecked: 'it has nothing of ours: it tells how far TLS can come near to TCP on this machine',
  },
];

const threadRoundTrips: Bench = {
  name: 'thread round trips',
  about: '100 bytes go to another thread and come back before the next go',
  // Both: on a busy machine, threads that block in shared memory are slower with cores kept awake.
  params: { cores: ['awake', 'free'] },
  minEffect: wakeUps,
  agree: true,
  warmupCycles: roundTripsWarm,
  contenders: {
    [shared]: blockingRoundTrips(200),
    '@quorate/transport, shared memory': roundTrips(threadLine('shared'), 200),
    '@quorate/transport, shared memory, lingerMs 1': roundTrips(threadLine('shared, lingering'), 200),
    '@quorate/transport, port': roundTrips(threadLine('port'), 200),
    MessagePort: roundTrips(messagePortLine({ type: 'echo' }, 'other thread'), 200),
  },
  goals: [{ of: shared, to: 'MessagePort', atMost: 1 / 2.5 }],
};

const threads: Bench[] = [
  {
    name: 'thread messages',
    about: '100 bytes go to another thread as fast as it takes them; it answers once for 20,000',
    minEffect: wakeUps,
    agree: true,
    warmupCycles: pipelinesWarm,
    contenders: {
      [shared]: oneWay('shared, blocking', 20_000),
      '@quorate/transport, shared memory': oneWay('shared', 20_000),
      '@quorate/transport, port': oneWay('port', 20_000),
      MessagePort: oneWayThroughPort(20_000),
    },
    goals: [{ of: shared, limit: 1e9 / 3e6 }],
  },
  {
    name: 'one thread',
    about: '100 bytes go to a peer in the same thread, in a later turn of its loop, and come back likewise',
    warmupCycles: roundTripsWarm,
    contenders: {
      '@quorate/transport, in-process': roundTrips(threadLine('in-process'), 200),
      MessagePort: roundTrips(messagePortLine({ type: 'echo' }, 'this thread'), 200),
    },
  },
];

export default defineSuite({
  name: 'transport',
  about:
    'Messages of 100 bytes between peers: over sockets, between threads, within one. Where threads wait for each other, cores are kept awake.',
  benches: [...sockets.map(withCoresAwake), withCoresAwake(threadRoundTrips), ...threads],
});
