/**
 * The value below which a share `q` of the sample lies, interpolated between neighbours (Hyndman and Fan 1996, type 7).
 *
 * @throws RangeError for an empty sample, one with NaN, or `q` outside 0 to 1
 */
export function quantile(sample: ArrayLike<number>, q: number): number {
  if (sample.length === 0) throw new RangeError('Sample must hold at least one value: received none');
  if (!(q >= 0 && q <= 1)) throw new RangeError(`Quantile must lie from 0 to 1: received ${q}`);
  const sorted = Float64Array.from(sample).sort();
  const last = sorted[sorted.length - 1] as number;
  // Typed arrays sort NaN to the end.
  if (Number.isNaN(last)) throw new RangeError('Sample must hold numbers: received NaN');
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (position - below);
}

export function median(sample: ArrayLike<number>): number {
  return quantile(sample, 0.5);
}
