import { Ring, RingRef } from '@quorate/ring';
import type { Context, Kernel } from '../suite.ts';
import { exchange } from './exchange.ts';
import { nameDigit, nodeNames } from './node-names.ts';

/** Looked up for each ring that is published. */
const lookups = 500;
const newcomer = '10.9.9.999:11211';

/**
 * Two rings that differ by a node, and keys that have the same owner in both: whichever ring a lookup finds, its answer is
 * known, so a ring that is neither is found out by the checksum.
 */
function versions(context: Context): { rings: readonly [Ring, Ring]; keys: readonly string[] } {
  const before = Ring.build({ nodes: nodeNames(context.number('nodes')) });
  const after = before.with({ add: [newcomer] });
  const set = context.keys(2 * lookups);
  const all = Array.from({ length: set.count }, (_, index) => set.fresh(index));
  const keys = all.filter(key => before.get(key) === after.get(key)).slice(0, lookups);
  return { rings: [before, after], keys };
}

/**
 * Each thread publishes rings in a slot of its own and looks up in its neighbour's, so that all do the same work. An
 * operation is a ring published and the keys looked up.
 *
 * It counts copies: how often a lookup found that the neighbour had published, and took the new ring over. How often a copy
 * was disturbed and had to be made again, a slot does not tell.
 */
export async function publishAndLookUp(context: Context): Promise<Kernel> {
  const { rings, keys } = versions(context);
  const { index, count } = context.thread;
  const own = RingRef.create(rings[0]);
  const handles = await exchange(context.thread, 'ring-ref', own.handle);
  const neighbour = RingRef.attach(handles[(index + 1) % count] ?? own.handle);
  let published = 0;
  let copies = 0;
  let last = neighbour.current;
  return {
    ops: 1,
    counts: () => ({ copies }),
    run() {
      own.swap(rings[++published & 1] as Ring);
      let sum = 0;
      for (const key of keys) {
        const ring = neighbour.current;
        if (ring !== last) copies += 1;
        last = ring;
        sum = (Math.imul(sum, 31) + nameDigit(ring.get(key))) | 0;
      }
      return sum;
    },
  };
}

/** The same lookups in a slot that nobody publishes in. */
export function lookUpAlone(context: Context): Kernel {
  const { rings, keys } = versions(context);
  const slot = RingRef.create(rings[0]);
  return {
    ops: 1,
    run() {
      let sum = 0;
      for (const key of keys) sum = (Math.imul(sum, 31) + nameDigit(slot.current.get(key))) | 0;
      return sum;
    },
  };
}
