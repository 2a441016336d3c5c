/**
 * The time of one cycle, put together from the lower quartile of each of its calls over all cycles.
 *
 * A cycle of a slow contender takes longer than the scheduler lets a thread run on a busy machine, so no cycle of it escapes
 * being interrupted, while whole cycles of a fast one do: comparing cycles would flatter the fast one. Single calls are
 * short in both.
 *
 * @param passMs times of calls, `passes` for each cycle
 * @param share which of a call's times is taken: 0.25 for the lower quartile, 0 for the best
 */
export function typicalCycleMs(passMs: readonly number[], passes: number, share = 0.25): number {
  const cycles = passMs.length / passes;
  if (!Number.isInteger(cycles) || cycles < 1) {
    throw new RangeError(`Times of calls must fill whole cycles of ${passes}: received ${passMs.length}`);
  }
  const times = new Float64Array(cycles);
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (let cycle = 0; cycle < cycles; cycle++) times[cycle] = passMs[cycle * passes + pass] as number;
    // Not interpolated: of two or three times, a share of an interrupted one would be most of the sum.
    sum += times.sort()[Math.floor(share * (cycles - 1))] as number;
  }
  return sum;
}
