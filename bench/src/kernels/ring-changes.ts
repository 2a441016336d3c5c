import { Ring } from '@quorate/ring';
import { heapBytes } from '../measure/heap-bytes.ts';
import type { Bench, Context, Kernel, Params, Setup } from '../suite.ts';
import { nameDigit, nodeNames } from './node-names.ts';
import { consistentHash, hashring, ketama, ketamaWeight } from './ring-peers.ts';

/** A name that is not among {@link nodeNames}, and a key to look up. */
const newcomer = '10.9.9.999:11211';
const someKey = 'session:marvellous:harbour';

/** Building ketama's ring of 1000 nodes sorts all points again for each node, which takes a minute. */
function skip(contender: string, params: Params): string | undefined {
  const nodes = params['nodes'];
  const tooLong = contender === 'ketama' && typeof nodes === 'number' && nodes > 200;
  return tooLong ? 'ketama sorts all its points again for each node: minutes' : undefined;
}

/** Builds a ring, and looks one key up in it: some peers put their points in order only then. */
function building(build: (names: readonly string[]) => () => string | number): Setup {
  return context => {
    const names = nodeNames(context.number('nodes'));
    return {
      ops: 1,
      run() {
        const result = build(names)();
        return typeof result === 'number' ? result : nameDigit(result);
      },
    };
  };
}

/** Changes a ring that is made anew before each change, where the change is in place. */
function changing<R>(make: (names: readonly string[]) => R, change: (ring: R) => string | number): Setup {
  return context => {
    const names = nodeNames(context.number('nodes'));
    let ring: R = make(names);
    return {
      ops: 1,
      prepare: () => void (ring = make(names)),
      run() {
        const result = change(ring);
        return typeof result === 'number' ? result : nameDigit(result);
      },
    };
  };
}

/** Ours makes a new ring and leaves the old one, so there is nothing to put back. */
function changingOurs(change: (ring: Ring, names: readonly string[]) => Ring): Setup {
  return (context): Kernel => {
    const names = nodeNames(context.number('nodes'));
    const ring = Ring.build({ nodes: names });
    return { ops: 1, run: () => nameDigit(change(ring, names).get(someKey)) };
  };
}

function weighing(make: (names: readonly string[]) => unknown): Setup {
  return (context: Context) => {
    const count = context.number('nodes');
    return { quantity: heapBytes(() => make(nodeNames(count)), count > 200 ? 2 : 8) };
  };
}

/** Making, changing and keeping a ring. */
export const changeBenches: readonly Bench[] = [
  {
    name: 'build',
    about: 'a ring from names of nodes, and one lookup in it',
    params: { nodes: [100, 1000] },
    warmupCycles: 2,
    skip,
    contenders: {
      '@quorate/ring': building(names => {
        const ring = Ring.build({ nodes: names });
        return () => ring.get(someKey);
      }),
      hashring: building(names => {
        const ring = hashring(names);
        return () => ring.get(someKey);
      }),
      ketama: building(names => {
        const ring = ketama(names);
        return () => ring.getNode(someKey) ?? '';
      }),
      'consistent-hash': building(names => {
        const ring = consistentHash(names);
        return () => (ring.get(someKey), ring.keyCount);
      }),
    },
    goals: [{ of: '@quorate/ring', to: 'hashring', atMost: 0.3 }],
  },
  {
    name: 'add one',
    about: 'one node more, and one lookup; ours makes a new ring, the others change theirs',
    params: { nodes: [100] },
    skip,
    contenders: {
      '@quorate/ring': changingOurs(ring => ring.with({ add: [newcomer] })),
      hashring: changing(hashring, ring => ring.add(newcomer).get(someKey)),
      ketama: changing(ketama, ring => {
        ring.addNode(newcomer, ketamaWeight);
        return ring.getNode(someKey) ?? '';
      }),
      'consistent-hash': changing(consistentHash, ring => {
        ring.add(newcomer).get(someKey);
        return ring.keyCount;
      }),
    },
    goals: [{ of: '@quorate/ring', to: 'hashring', atMost: 1 / 8 }],
  },
  {
    name: 'remove one',
    about: 'one node less, and one lookup; ours makes a new ring, the others change theirs',
    params: { nodes: [100] },
    skip,
    contenders: {
      '@quorate/ring': changingOurs((ring, names) => ring.with({ remove: [names[0] as string] })),
      hashring: changing(hashring, ring => ring.remove(nodeNames(1)[0] as string).get(someKey)),
      ketama: changing(ketama, ring => {
        ring.removeNode(nodeNames(1)[0] as string);
        return ring.getNode(someKey) ?? '';
      }),
      'consistent-hash': changing(consistentHash, ring => {
        ring.remove(nodeNames(1)[0] as string).get(someKey);
        return ring.keyCount;
      }),
    },
  },
  {
    name: 'memory',
    about: 'bytes that one ring keeps alive: the heap after collections, and array buffers',
    params: { nodes: [100, 1000] },
    unit: 'bytes',
    skip,
    contenders: {
      '@quorate/ring': weighing(names => {
        const ring = Ring.build({ nodes: names });
        ring.get(someKey);
        return ring;
      }),
      hashring: weighing(hashring),
      ketama: weighing(ketama),
      'consistent-hash': weighing(names => {
        const ring = consistentHash(names);
        ring.get(someKey);
        return ring;
      }),
    },
    goals: [{ of: '@quorate/ring', to: 'hashring', atMost: 0.5 }],
  },
];
