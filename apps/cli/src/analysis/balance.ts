/**
 * How evenly a load lies on nodes.
 *
 * Nodes of weight 0 have no fair load and are left out of everything but `total` and `shareError`.
 */
export interface Balance {
  readonly total: number;
  /** Load per node, were it even: total / nodes. */
  readonly average: number;
  readonly max: number;
  readonly min: number;
  /** Of the loads around their average; the nodes are the whole population. */
  readonly standardDeviation: number;
  /** Peak to average: max / average. */
  readonly maxToAverage: number;
  readonly minToAverage: number;
  /** The largest load / fair load of a node, its fair load being its part of the weights. Equals peak to average where all weights are equal. */
  readonly maxToFair: number;
  readonly minToFair: number;
  /** Root mean square of load / fair load - 1: the relative standard deviation where all weights are equal. */
  readonly deviationToFair: number;
  /** The fraction of the load that lies on the wrong node by weight: ½ Σ |share - fair share|. */
  readonly shareError: number;
}

/**
 * The balance of loads beside fair shares.
 *
 * @param loads One for each node, their sum above 0
 * @param fair What part of the whole each node should have; the sum is 1
 */
export function balanceOf(loads: Float64Array, fair: Float64Array): Balance {
  const total = loads.reduce((sum, load) => sum + load, 0);
  const used = [...loads.keys()].filter(index => (fair[index] as number) > 0);
  const carried = used.map(index => loads[index] as number);
  const ratios = used.map(index => (loads[index] as number) / (total * (fair[index] as number)));
  const average = total / used.length;
  const [max, min] = extremes(carried);
  const [maxToFair, minToFair] = extremes(ratios);
  return {
    total,
    average,
    max,
    min,
    standardDeviation: Math.sqrt(mean(carried.map(load => (load - average) ** 2))),
    maxToAverage: max / average,
    minToAverage: min / average,
    maxToFair,
    minToFair,
    deviationToFair: Math.sqrt(mean(ratios.map(ratio => (ratio - 1) ** 2))),
    shareError:
      loads.reduce((sum, load, index) => sum + Math.abs(load / total - (fair[index] as number)), 0) / 2,
  };
}

/**
 * The `deviationToFair` that chance alone gives when `keys` keys fall on nodes in exact proportion: the root mean square of
 * binomial deviations, √(mean((1 - f) / (keys · f))). No hash can be told from a perfect one below it.
 */
export function samplingNoise(keys: number, fair: Float64Array): number {
  const used = [...fair].filter(share => share > 0);
  return Math.sqrt(mean(used.map(share => (1 - share) / (keys * share))));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Not `Math.max(...)`: rings may have more nodes than a call may have arguments. */
function extremes(values: readonly number[]): [max: number, min: number] {
  return [
    values.reduce((max, value) => Math.max(max, value), -Infinity),
    values.reduce((min, value) => Math.min(min, value), Infinity),
  ];
}
