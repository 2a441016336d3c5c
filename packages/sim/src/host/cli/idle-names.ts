import { splitName } from '../runner/name-ranges.ts';

/** In so many seeds one looks for what a name may stand for. */
const seedsMax = 20;

/**
 * Those of `names` that take nothing away from any of the first seeds, with what they may have been meant for where they are
 * kinds of faults: whoever mistypes a name would believe that it does not matter.
 */
export async function idleNames(
  names: readonly string[],
  seeds: Iterable<number>,
  removableOf: (seed: number) => Promise<readonly string[]>,
): Promise<string[]> {
  const idle = new Set(names);
  const happened = new Set<string>();
  let looked = 0;
  for (const seed of seeds) {
    if (idle.size === 0 || looked++ === seedsMax) break;
    for (const each of await removableOf(seed)) {
      happened.add(splitName(each).label);
      for (const name of idle)
        if (each === name || (isLabel(name) && each.startsWith(name))) idle.delete(name);
    }
  }
  return [...idle].map(name => (happened.has(`swarm/${name}`) ? `${name} (is it swarm/${name}?)` : name));
}

function isLabel(name: string): boolean {
  return splitName(name).index === undefined;
}
