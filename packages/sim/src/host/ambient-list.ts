/** Functions of one of Node's modules that simulated code must not call, and what it does instead. */
export interface AmbientModule {
  readonly name: string;
  /** Functions that are trapped; absent for all of them. */
  readonly functions?: readonly string[];
  readonly instead: string;
}

const clock = 'take time from env.clock';
const random = 'take randomness from env.random';
const files = 'keep files on env.disk';
const network = 'send messages by env.transport';
const threads = 'a simulation has one thread';

/** Modules of Node, trapped on their own objects and in the bindings of whoever imported single names. */
export const ambientModules: readonly AmbientModule[] = [
  { name: 'fs', instead: files },
  { name: 'fs/promises', instead: files },
  {
    name: 'net',
    functions: ['connect', 'createConnection', 'createServer', 'Socket', 'Server'],
    instead: network,
  },
  { name: 'tls', functions: ['connect', 'createServer'], instead: network },
  { name: 'dgram', functions: ['createSocket', 'Socket'], instead: network },
  { name: 'dns', instead: network },
  { name: 'dns/promises', instead: network },
  { name: 'http', functions: ['request', 'get', 'createServer'], instead: network },
  { name: 'https', functions: ['request', 'get', 'createServer'], instead: network },
  { name: 'http2', functions: ['connect', 'createServer', 'createSecureServer'], instead: network },
  { name: 'child_process', instead: threads },
  { name: 'worker_threads', functions: ['Worker', 'MessageChannel', 'BroadcastChannel'], instead: threads },
  { name: 'cluster', functions: ['fork'], instead: threads },
  { name: 'timers', functions: ['setTimeout', 'setInterval', 'setImmediate'], instead: clock },
  { name: 'timers/promises', functions: ['setTimeout', 'setInterval', 'setImmediate'], instead: clock },
  {
    name: 'crypto',
    functions: [
      'randomBytes',
      'pseudoRandomBytes',
      'randomFill',
      'randomFillSync',
      'randomInt',
      'randomUUID',
      'getRandomValues',
      'generateKey',
      'generateKeySync',
      'generateKeyPair',
      'generateKeyPairSync',
    ],
    instead: random,
  },
  { name: 'os', functions: ['uptime', 'loadavg', 'freemem'], instead: clock },
];

/** Functions of objects that everybody can reach: where the object is, its name, its functions. */
export const ambientObjects: readonly {
  readonly object: object;
  readonly name: string;
  readonly functions: readonly string[];
  readonly instead: string;
}[] = [
  { object: Math, name: 'Math.', functions: ['random'], instead: random },
  { object: Date, name: 'Date.', functions: ['now'], instead: clock },
  {
    object: performance,
    name: 'performance.',
    functions: ['now', 'mark', 'measure'],
    instead: clock,
  },
  {
    object: process,
    name: 'process.',
    functions: ['hrtime', 'uptime', 'cpuUsage', 'memoryUsage', 'resourceUsage'],
    instead: clock,
  },
  {
    object: process,
    name: 'process.',
    functions: ['exit', 'abort', 'kill', 'chdir'],
    instead: 'the process belongs to whoever runs the simulation',
  },
  { object: AbortSignal, name: 'AbortSignal.', functions: ['timeout'], instead: clock },
  { object: Atomics, name: 'Atomics.', functions: ['wait', 'waitAsync'], instead: clock },
  { object: crypto, name: 'crypto.', functions: ['getRandomValues', 'randomUUID'], instead: random },
  {
    object: crypto.subtle,
    name: 'crypto.subtle.',
    functions: ['generateKey', 'digest', 'sign', 'verify', 'encrypt', 'decrypt', 'deriveBits', 'deriveKey'],
    instead: 'its promises settle outside of simulated time; node:crypto has synchronous functions',
  },
  {
    object: globalThis,
    name: '',
    functions: ['setTimeout', 'setInterval', 'setImmediate'],
    instead: clock,
  },
  {
    object: globalThis,
    name: '',
    functions: ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'],
    instead: network,
  },
  {
    object: globalThis,
    name: '',
    functions: ['Worker', 'MessageChannel', 'BroadcastChannel'],
    instead: threads,
  },
];
