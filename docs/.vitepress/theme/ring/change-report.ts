import type { Ring } from '@quorate/ring';
import { choiceOf } from './choices.ts';
import { sampleKeys } from './members.ts';

/** What a change of membership did. Shares are of 1. */
export interface ChangeReport {
  readonly what: string;
  /** Share of the hash space that changed owners. */
  readonly moved: number;
  /** What would move between maps whose loads are perfectly even; a ring may happen to stay below it. */
  readonly minimum: number;
  /** Whether `moved` was computed from the ranges rather than estimated over sample keys. */
  readonly exact: boolean;
  /** Which of the keys changed owners, by their position. */
  readonly movedKeys: ReadonlySet<number>;
  readonly keyCount: number;
  /** Share of the keys that `hash % n` would have moved; undefined where the number of nodes is the same. */
  readonly modulo: number | undefined;
}

const ESTIMATE_KEYS: readonly string[] = sampleKeys(10_000);

/** Compares two rings over the hash space and over the keys that the picture follows. */
export function reportChange(what: string, from: Ring, to: Ring, keys: readonly string[]): ChangeReport {
  // Without ranges the share is counted over keys: enough of them for a percent, few enough for a click.
  const options = choiceOf(from.algorithm).arcs ? {} : { keys: ESTIMATE_KEYS };
  const { moved, minimum, exact } = from.diff(to, options);
  const movedKeys = new Set<number>();
  for (const [at, key] of keys.entries()) if (from.get(key) !== to.get(key)) movedKeys.add(at);
  const modulo =
    from.nodeCount === to.nodeCount ? undefined : moduloShare(from, from.nodeCount, to.nodeCount, keys);
  return { what, moved, minimum, exact, movedKeys, keyCount: keys.length, modulo };
}

function moduloShare(ring: Ring, before: number, after: number, keys: readonly string[]): number {
  const moved = keys.filter(key => {
    const hash = BigInt.asUintN(64, BigInt(ring.hash(key)));
    return hash % BigInt(before) !== hash % BigInt(after);
  });
  return moved.length / keys.length;
}

/** `0.1667` as `16.7 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
