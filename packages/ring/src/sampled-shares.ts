import type { Placement } from './placement.ts';
import { sampleKeys } from './sample-keys.ts';

/** Shares by counting over the fixed sample of keys. */
export function sampledShares(placement: Placement, nodeCount: number): Float64Array {
  const shares = new Float64Array(nodeCount);
  let keyCount = 0;
  for (const key of sampleKeys()) {
    const index = placement.index(key);
    shares[index] = (shares[index] as number) + 1;
    keyCount++;
  }
  return shares.map(count => count / keyCount);
}
