import { accelerate, jumpHash, redisSlot, Ring } from '@quorate/ring';
import clusterKeySlot from 'cluster-key-slot';
import { ScrambledZipfian } from '../src/input/zipfian.ts';
import { jumpBigInt } from '../src/kernels/jump-big-int.ts';
import { jumpConsistentHash } from '@subspace/jump-consistent-hash';
import { freshKeyLoop, repeatedKeyLoop } from '../src/kernels/key-loop.ts';
import { changeBenches } from '../src/kernels/ring-changes.ts';
import { movesBench } from '../src/kernels/ring-moves.ts';
import { nameDigit, nodeNames } from '../src/kernels/node-names.ts';
import { consistentHashAt, hashring, ketama } from '../src/kernels/ring-peers.ts';
import { type Bench, type Context, defineSuite, type Setup } from '../src/suite.ts';

/** The ring of every lookup: 100 nodes with 160 points each, 100,000 keys, unless the command line says otherwise. */
const size = { nodes: [100], keys: [100_000] };

type LookUp = (key: string) => string;

const ours = (context: Context): LookUp => {
  const ring = Ring.build({ nodes: namesOf(context) });
  return key => ring.get(key);
};
const accelerated = (context: Context): LookUp => {
  if (!accelerate()) throw new Error('WebAssembly must have the JS string builtins: this engine has not');
  return ours(context);
};
const theirs = {
  hashring: (context: Context): LookUp => {
    const ring = hashring(namesOf(context));
    return key => ring.get(key);
  },
  ketama: (context: Context): LookUp => {
    const ring = ketama(namesOf(context));
    return key => ring.getNode(key) ?? '';
  },
  'consistent-hash': (context: Context): LookUp => {
    const ring = consistentHashAt(namesOf(context), context.random('points'));
    return key => ring.get(key);
  },
};

function namesOf(context: Context): string[] {
  return nodeNames(context.number('nodes'));
}

/** Each key once, as a string that was made a moment before. */
function fresh(make: (context: Context) => LookUp): Setup {
  return context => {
    const lookUp = make(context);
    return freshKeyLoop(context.keys(context.number('keys')), key => nameDigit(lookUp(key)));
  };
}

/** Keys drawn with YCSB's skew, each as a new string. */
function hot(make: (context: Context) => LookUp): Setup {
  return context => {
    const lookUp = make(context);
    const keys = context.keys(context.number('keys'));
    const order = new ScrambledZipfian(keys.count).draw(keys.count, context.random('zipfian'));
    return freshKeyLoop(keys, key => nameDigit(lookUp(key)), order);
  };
}

/** The same string objects over and over. */
function repeated(make: (context: Context) => LookUp): Setup {
  return context => {
    const lookUp = make(context);
    return repeatedKeyLoop(context.keys(context.number('keys')), key => nameDigit(lookUp(key)));
  };
}

/** Three owners of each key, as a string that was made a moment before. */
function pickLoop(make: (context: Context) => (key: string) => readonly string[]): Setup {
  return context => {
    const pick = make(context);
    return freshKeyLoop(context.keys(context.number('keys')), key => {
      const [first, second, third] = pick(key) as [string, string, string];
      return (nameDigit(first) * 31 + nameDigit(second)) * 31 + nameDigit(third);
    });
  };
}

const lookups: Bench[] = [
  {
    name: 'lookup',
    about:
      'every key once a cycle, each a string made a moment before; more keys than the cache of hashring holds',
    params: size,
    contenders: {
      '@quorate/ring': fresh(ours),
      '@quorate/ring, WebAssembly': fresh(accelerated),
      hashring: fresh(theirs.hashring),
      ketama: fresh(theirs.ketama),
      'consistent-hash': fresh(theirs['consistent-hash']),
    },
    goals: [
      { of: '@quorate/ring', to: 'hashring', atMost: 1 / 20 },
      { of: '@quorate/ring', to: 'ketama', atMost: 1 / 18 },
      { of: '@quorate/ring', to: 'consistent-hash', atMost: 0.55 },
      { of: '@quorate/ring, WebAssembly', to: 'consistent-hash', atMost: 0.4 },
    ],
  },
  {
    name: 'lookup hot keys',
    about: "keys drawn with YCSB's scrambled zipfian, each a new string: what the cache of hashring is for",
    params: size,
    contenders: {
      '@quorate/ring': hot(ours),
      hashring: hot(theirs.hashring),
      'consistent-hash': hot(theirs['consistent-hash']),
    },
  },
  {
    name: 'lookup repeated objects',
    about: 'the same thousand string objects over and over: hashring finds them all in its cache by identity',
    params: { nodes: [100], keys: [1000] },
    contenders: {
      '@quorate/ring': repeated(ours),
      hashring: repeated(theirs.hashring),
      'consistent-hash': repeated(theirs['consistent-hash']),
    },
  },
  {
    name: 'lookup ketama-exact',
    about: "libketama's own map, which hashring has too: equal checksums, so equal owners",
    params: size,
    agree: true,
    contenders: {
      '@quorate/ring ketama': fresh(context => {
        const ring = Ring.build({ algorithm: 'ketama', nodes: namesOf(context) });
        return key => ring.get(key);
      }),
      hashring: fresh(theirs.hashring),
    },
    goals: [{ of: '@quorate/ring ketama', to: 'hashring', atMost: 1 / 7 }],
  },
  {
    name: 'pick 3',
    about: 'three different owners of each key; ours into an array that is used again, and into a new one',
    params: size,
    contenders: {
      '@quorate/ring': pickLoop(context => {
        const ring = Ring.build({ nodes: namesOf(context) });
        const options = { n: 3, out: [] as string[] };
        return key => ring.pick(key, options);
      }),
      '@quorate/ring, new array': pickLoop(context => {
        const ring = Ring.build({ nodes: namesOf(context) });
        return key => ring.pick(key, { n: 3 });
      }),
      hashring: pickLoop(context => {
        const ring = hashring(namesOf(context));
        return key => ring.range(key, 3);
      }),
      ketama: pickLoop(context => {
        const ring = ketama(namesOf(context));
        return key => ring.getNodes(key, 3);
      }),
      'consistent-hash': pickLoop(context => {
        const ring = consistentHashAt(namesOf(context), context.random('points'));
        return key => ring.get(key, 3);
      }),
    },
    goals: [{ of: '@quorate/ring', to: 'hashring', atMost: 1 / 15 }],
  },
];

const others: Bench[] = [
  {
    name: 'redis slot',
    about: 'the slot of every key, each a string made a moment before; equal checksums, so equal slots',
    params: { keys: [100_000] },
    agree: true,
    contenders: {
      '@quorate/ring slots': context =>
        freshKeyLoop(context.keys(context.number('keys')), key => redisSlot(key)),
      'cluster-key-slot': context =>
        freshKeyLoop(context.keys(context.number('keys')), key => clusterKeySlot(key)),
    },
    goals: [{ of: '@quorate/ring slots', to: 'cluster-key-slot', atMost: 0.55 }],
  },
  {
    name: 'jump',
    about:
      'from a 64-bit hash to a bucket, equal checksums: ours on 32-bit halves and through a ring, which takes a bigint; the package on npm; and the paper in BigInt, which V8 turns into machine integers',
    params: { nodes: [100], hashes: [2000] },
    agree: true,
    contenders: {
      '@quorate/ring jumpHash': context => {
        const buckets = context.number('nodes');
        return hashLoop(context, halvesOf, ([high, low]) => jumpHash(high, low, buckets));
      },
      '@quorate/ring jump': context => {
        const ring = Ring.build({ algorithm: 'jump', nodes: namesOf(context) });
        return hashLoop(context, bigintOf, hash => ring.indexOfHash(hash));
      },
      '@subspace/jump-consistent-hash': context => {
        const buckets = context.number('nodes');
        return hashLoop(context, bytesOf, bytes => jumpConsistentHash(bytes, buckets));
      },
      'plain BigInt': context => {
        const buckets = context.number('nodes');
        return hashLoop(context, bigintOf, hash => jumpBigInt(hash, buckets));
      },
    },
    goals: [{ of: '@quorate/ring jumpHash', to: '@subspace/jump-consistent-hash', atMost: 1 / 12 }],
  },
];

type Halves = readonly [high: number, low: number];

const halvesOf = (high: number, low: number): Halves => [high, low];
const bigintOf = (high: number, low: number): bigint => (BigInt(high) << 32n) | BigInt(low);
const bytesOf = (high: number, low: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, high);
  view.setUint32(4, low);
  return bytes;
};

/** The same hashes for everybody, each in the form that the contender takes. */
function hashLoop<Hash>(
  context: Context,
  form: (high: number, low: number) => Hash,
  bucketOf: (hash: Hash) => number,
) {
  const random = context.random('hashes');
  const hashes = Array.from({ length: context.number('hashes') }, () =>
    form(random.uint32(), random.uint32()),
  );
  return {
    ops: hashes.length,
    run() {
      let sum = 0;
      for (const hash of hashes) sum = (Math.imul(sum, 31) + bucketOf(hash)) | 0;
      return sum;
    },
  };
}

export default defineSuite({
  name: 'ring',
  about: 'Consistent hashing beside the packages that people use for it, 160 points a node.',
  benches: [...lookups, ...changeBenches, movesBench, ...others],
});
