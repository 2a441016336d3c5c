import { scheduler } from 'node:timers/promises';

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
const outside =
  'its answer comes from outside of simulated time; node:crypto and node:zlib have synchronous functions';

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
      'randomUUIDv7',
      'getRandomValues',
      'generateKey',
      'generateKeySync',
      'generateKeyPair',
      'generateKeyPairSync',
      'generatePrime',
      'generatePrimeSync',
    ],
    instead: random,
  },
  {
    name: 'crypto',
    functions: ['scrypt', 'pbkdf2', 'hkdf', 'argon2', 'checkPrime'],
    instead: outside,
  },
  {
    name: 'zlib',
    functions: [
      'deflate',
      'inflate',
      'gzip',
      'gunzip',
      'deflateRaw',
      'inflateRaw',
      'unzip',
      'brotliCompress',
      'brotliDecompress',
      'zstdCompress',
      'zstdDecompress',
    ],
    instead: outside,
  },
  { name: 'perf_hooks', functions: ['monitorEventLoopDelay'], instead: clock },
  { name: 'os', functions: ['uptime', 'loadavg', 'freemem'], instead: clock },
];

/** Globals that not every library of types declares. */
const globals = globalThis as unknown as {
  readonly Temporal?: { readonly Now: object };
  readonly WebAssembly: object;
};

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
    // Absent before Node 26.
    object: globals.Temporal?.Now ?? {},
    name: 'Temporal.Now.',
    functions: [
      'instant',
      'plainDateTimeISO',
      'plainDateISO',
      'plainTimeISO',
      'zonedDateTimeISO',
      'timeZoneId',
    ],
    instead: clock,
  },
  {
    object: performance,
    name: 'performance.',
    functions: ['now', 'mark', 'measure'],
    instead: clock,
  },
  {
    object: process,
    name: 'process.',
    functions: [
      'hrtime',
      'uptime',
      'cpuUsage',
      'threadCpuUsage',
      'memoryUsage',
      'availableMemory',
      'resourceUsage',
    ],
    instead: clock,
  },
  {
    object: process,
    name: 'process.',
    functions: ['exit', 'abort', 'kill', 'chdir'],
    instead: 'the process belongs to whoever runs the simulation',
  },
  { object: scheduler, name: 'scheduler.', functions: ['wait', 'yield'], instead: clock },
  { object: AbortSignal, name: 'AbortSignal.', functions: ['timeout'], instead: clock },
  { object: Atomics, name: 'Atomics.', functions: ['wait', 'waitAsync'], instead: clock },
  { object: crypto, name: 'crypto.', functions: ['getRandomValues', 'randomUUID'], instead: random },
  {
    object: crypto.subtle,
    name: 'crypto.subtle.',
    functions: [
      'generateKey',
      'importKey',
      'exportKey',
      'wrapKey',
      'unwrapKey',
      'digest',
      'sign',
      'verify',
      'encrypt',
      'decrypt',
      'deriveBits',
      'deriveKey',
    ],
    instead: outside,
  },
  {
    object: globals.WebAssembly,
    name: 'WebAssembly.',
    functions: ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'],
    instead: 'its promises settle outside of simulated time; new WebAssembly.Module() is synchronous',
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
