import type { Operation } from '../operation.ts';
import type { Model } from './model.ts';
import type { NotLinearizable } from './result.ts';

/** Characters of a state or an operation that a sentence can bear. */
const lengthMax = 120;
const othersMax = 5;

/** Says what cannot be explained, after what, and what else was under way. */
export function describeViolation<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
  count: number,
  found: Pick<NotLinearizable<State>, 'partition' | 'prefix' | 'state' | 'stuck'>,
): string {
  const [culprit, ...others] = [...found.stuck].map(index => {
    const operation = history[index] as Operation<Input, Output>;
    return `${describeOperation(model, operation)} of process ${operation.process}`;
  });
  const where = found.partition === undefined ? '' : ` of ${JSON.stringify(found.partition)}`;
  const listed = others.slice(0, othersMax).join(', ');
  const more = others.length > othersMax ? ` and ${others.length - othersMax} more` : '';
  const beside = others.length === 0 ? '' : `; under way beside it: ${listed}${more}`;
  return `Not linearizable by the model "${model.name}": after ${found.prefix.length} of ${count} operations${where} the state is ${textOf(found.state)}, and nothing explains ${culprit}${beside}`;
}

/** An operation as its model describes it, or else by its input and output. */
export function describeOperation<State, Input, Output>(
  model: Model<State, Input, Output>,
  { input, output, returnedAt }: Operation<Input, Output>,
): string {
  const known = returnedAt === undefined ? undefined : output;
  if (model.describe !== undefined) return cut(model.describe(input, known));
  return returnedAt === undefined ? `${textOf(input)} → ?` : `${textOf(input)} → ${textOf(output)}`;
}

function textOf(value: unknown): string {
  return cut(JSON.stringify(value) ?? String(value));
}

function cut(text: string): string {
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax / 2)}…${text.slice(-lengthMax / 2)}`;
}
