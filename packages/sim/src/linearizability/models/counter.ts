import type { Operation } from '../../operation.ts';
import type { Model } from '../model.ts';

export type CounterInput = { readonly type: 'read' } | { readonly type: 'add'; readonly by: number };

/** A read returns the value; an add the new value, or undefined where the counter tells nobody. */
export type CounterOutput = number | undefined;

/** A number that is added to. Sums are those of `number`: exact up to 2^53. */
export function counter(
  options: { readonly initial?: number } = {},
): Model<number, CounterInput, CounterOutput> {
  const { initial = 0 } = options;
  return {
    name: 'counter',
    init: () => initial,
    step(value, input, output) {
      const next = input.type === 'add' ? value + input.by : value;
      return output === undefined || output === next ? next : undefined;
    },
    operationKey: (input, output) => (input.type === 'read' ? `r${output}` : `${input.by} ${output}`),
    readOnly: input => input.type === 'read',
    reachable,
    validate,
    describe(input, output) {
      const answer = output === undefined ? '' : ` → ${output}`;
      return input.type === 'read' ? `read${answer}` : `add ${input.by}${answer}`;
    },
  };
}

/** A read that returned more than all additions can make, or less, is beyond them; sums of fractions depend on their order. */
function reachable(
  value: number,
  _input: CounterInput,
  output: CounterOutput,
  inputs: readonly CounterInput[],
): boolean {
  if (output === undefined) return true;
  let least = value;
  let most = value;
  for (const input of inputs) {
    if (input.type === 'read') continue;
    if (!Number.isSafeInteger(input.by)) return true;
    if (input.by < 0) least += input.by;
    else most += input.by;
  }
  return output >= least && output <= most;
}

function validate({ input, output, returnedAt }: Operation<CounterInput, CounterOutput>): void {
  if (input.type !== 'read' && !(input.type === 'add' && Number.isFinite(input.by))) {
    throw new TypeError(`A counter can read and add a number: received ${JSON.stringify(input)}`);
  }
  if (input.type === 'read' && returnedAt !== undefined && output === undefined) {
    throw new TypeError('A read that returned must have an output: received undefined');
  }
}
