import { type AlgorithmSpec, knownAlgorithms } from '../analysis/algorithm-spec.ts';
import { buildRing, refusalOf } from '../analysis/contender.ts';
import { usageFailure } from '../failure.ts';

/**
 * Tries the options of algorithms on one plain node: what is refused there is wrong in itself, not for the user's nodes.
 *
 * @throws CommandFailure (usage) that names the option
 */
export function checkAlgorithmOptions(specs: readonly AlgorithmSpec[]): void {
  for (const spec of specs) {
    if (Object.keys(spec.options).length === 0) continue;
    try {
      buildRing(spec, [{ id: 'a', weight: 1, zone: undefined }]);
    } catch (error) {
      const options = Object.keys(knownAlgorithms[spec.algorithm].options).join(', ');
      throw usageFailure(`--algorithm ${spec.label}: ${refusalOf(error)} (options: ${options})`);
    }
  }
}
