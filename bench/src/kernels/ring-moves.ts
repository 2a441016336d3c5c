import { Ring } from '@quorate/ring';
import HashRing from 'hashring';
import { HashRing as KetamaRing } from 'ketama';
import type { Bench, Setup } from '../suite.ts';
import { nodeNames } from './node-names.ts';
import { ketamaWeight } from './ring-peers.ts';

type Weights = ReadonlyMap<string, number>;

/** Changes of one node's weight after another, among them to nothing and back. */
const changes = [2, 0.5, 0, 1, 7.3, 0.1, 1, 3, 0, 12];

/**
 * Counts keys whose owner changes although neither the old nor the new owner's weight did, over a series of changes of one
 * node's weight at a time. A ring has no reason to move any.
 */
function counting(ownersUnder: (weights: Weights) => (key: string) => string): Setup {
  return context => {
    const names = nodeNames(context.number('nodes'));
    const keys = context.keys(context.number('keys'));
    const strings = Array.from({ length: keys.count }, (_, index) => keys.fresh(index));
    const weights = new Map(names.map(name => [name, 1]));
    let owners = strings.map(ownersUnder(weights));
    let moved = 0;
    for (const [index, weight] of changes.entries()) {
      const changed = names[(index * 37) % names.length] as string;
      weights.set(changed, weight);
      const next = strings.map(ownersUnder(weights));
      moved += next.filter(
        (now, key) => now !== owners[key] && now !== changed && owners[key] !== changed,
      ).length;
      owners = next;
    }
    return { quantity: moved };
  };
}

function specsOf(weights: Weights): { id: string; weight: number }[] {
  return [...weights].map(([id, weight]) => ({ id, weight }));
}

/** Keys that move between nodes which a change did not touch. */
export const movesBench: Bench = {
  name: 'unnecessary moves',
  about:
    'keys that go from one untouched node to another in ten changes of a weight, with 0 and fractions among them',
  params: { nodes: [100], keys: [20_000] },
  unit: 'count',
  contenders: {
    '@quorate/ring': counting(weights => {
      const ring = Ring.build({ nodes: specsOf(weights) });
      return key => ring.get(key);
    }),
    '@quorate/ring rendezvous': counting(weights => {
      const ring = Ring.build({ algorithm: 'rendezvous', nodes: specsOf(weights) });
      return key => ring.get(key);
    }),
    hashring: counting(weights => {
      // A weight of 0 counts as 1 in hashring, so the node is left out instead, as its users have to.
      const servers = [...weights].filter(([, weight]) => weight > 0);
      const ring = new HashRing(Object.fromEntries(servers.map(([name, weight]) => [name, { weight }])));
      return key => ring.get(key);
    }),
    ketama: counting(weights => {
      const nodes = [...weights].map(([node, weight]) => ({ node, weight: weight * ketamaWeight }));
      const ring = new KetamaRing(nodes);
      return key => ring.getNode(key) ?? '';
    }),
  },
  goals: [
    { of: '@quorate/ring', limit: 0 },
    { of: '@quorate/ring rendezvous', limit: 0 },
  ],
};
