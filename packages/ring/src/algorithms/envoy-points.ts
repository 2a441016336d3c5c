/**
 * How many points Envoy's ring hash gives each host (ring_hash_lb.cc, `RingHashLoadBalancer::Ring::Ring`).
 *
 * The ring is scaled so that the lightest host has a whole number of points and the ring at least `minimumRingSize`, at
 * most `maximumRingSize`. Fractions are carried from host to host, so the order of hosts counts where weights do not divide.
 */
export function envoyPointCounts(
  weights: readonly number[],
  minimumRingSize: number,
  maximumRingSize: number,
): Uint32Array {
  const counts = new Uint32Array(weights.length);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const lightest = weights.reduce(
    (least, weight) => (weight > 0 ? Math.min(least, weight / total) : least),
    1,
  );
  // A share may be so small that it rounds to 0.
  const wanted = lightest === 0 ? maximumRingSize : Math.ceil(lightest * minimumRingSize) / lightest;
  const scale = Math.min(wanted, maximumRingSize);
  let current = 0;
  let target = 0;
  weights.forEach((weight, i) => {
    if (weight === 0) return;
    target += scale * (weight / total);
    const before = current;
    while (current < target) current++;
    counts[i] = current - before;
  });
  return counts;
}
