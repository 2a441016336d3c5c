import type { Operation } from '../operation.ts';
import type { Finding } from '../scenario.ts';
import { type CheckLimits, checkLinearizabilitySync } from './check-linearizability.ts';
import type { Model } from './model.ts';

/** Enough for what a run of some simulated minutes leaves; a history that takes more is a finding of its own. */
const stepsMaxDefault = 2_000_000;

/**
 * A scenario's check that its clients' operations are linearizable: `check: linearizable(register())`.
 *
 * It is bounded by steps, never by time, so that a seed is judged the same everywhere. A history that it cannot decide is a
 * finding too, of the rule `linearizability-undecided`: silence would pass for an answer.
 */
export function linearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  limits: CheckLimits = {},
): (history: readonly Operation[]) => Finding | undefined {
  return history => {
    const operations = history as readonly Operation<Input, Output>[];
    const result = checkLinearizabilitySync(model, operations, { stepsMax: stepsMaxDefault, ...limits });
    if (result.verdict === 'ok') return undefined;
    if (result.verdict === 'unknown') {
      return {
        rule: 'linearizability-undecided',
        message: `Nobody knows whether ${history.length} operations are linearizable by the model "${model.name}": the check came to its limit of ${result.why}`,
      };
    }
    const { partition, state, message } = result;
    const [stuck, prefix] = [result.stuck, result.prefix].map(order =>
      Array.from(order, index => history[index]),
    );
    const returnedUs = stuck?.[0]?.returnedAt;
    const details = { partition, prefix, stuck, state };
    return {
      rule: 'linearizability',
      message,
      details,
      ...(returnedUs === undefined ? {} : { atMs: returnedUs / 1000 }),
    };
  };
}
