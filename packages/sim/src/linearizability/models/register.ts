import type { Operation } from '../../operation.ts';
import type { Model, Scalar } from '../model.ts';
import { scalarText } from './scalar-text.ts';

export type RegisterInput =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: Scalar }
  | { readonly type: 'cas'; readonly from: Scalar; readonly to: Scalar };

/** A read returns the value, `cas` (compare and set) whether it set it, a write whatever it likes. */
export type RegisterOutput = Scalar | undefined;

/**
 * One value that is read, written, and set where it is what one thinks: what etcd gives for a key, among others.
 *
 * @param options.initial - the value before the first write; default null, for nothing
 */
export function register(
  options: { readonly initial?: Scalar } = {},
): Model<Scalar, RegisterInput, RegisterOutput> {
  const { initial = null } = options;
  return {
    name: 'register',
    init: () => initial,
    step,
    operationKey,
    readOnly: (input, output) => input.type === 'read' || (input.type === 'cas' && output === false),
    reachable,
    validate,
    describe,
  };
}

function step(value: Scalar, input: RegisterInput, output: RegisterOutput): Scalar | undefined {
  if (input.type === 'read') return output === undefined || output === value ? value : undefined;
  if (input.type === 'write') return input.value;
  const swaps = value === input.from;
  if (output !== undefined && output !== swaps) return undefined;
  return swaps ? input.to : value;
}

/** Whether one of the inputs can put a value there that a read returned, or that a failed cas did not expect. */
function reachable(
  value: Scalar,
  input: RegisterInput,
  output: RegisterOutput,
  inputs: readonly RegisterInput[],
): boolean {
  if (step(value, input, output) !== undefined) return true;
  return inputs.some(
    one => one.type !== 'read' && step(one.type === 'cas' ? one.to : one.value, input, output) !== undefined,
  );
}

function operationKey(input: RegisterInput, output: RegisterOutput): string {
  if (input.type === 'read') return output === undefined ? 'r' : `r${scalarText(output)}`;
  if (input.type === 'write') return `w${scalarText(input.value)}`;
  return `c${scalarText(input.from)}\0${scalarText(input.to)}\0${output}`;
}

function validate({ input, output, returnedAt }: Operation<RegisterInput, RegisterOutput>): void {
  if (input.type !== 'read' && input.type !== 'write' && input.type !== 'cas') {
    throw new TypeError(`A register can read, write and cas: received ${JSON.stringify(input)}`);
  }
  if (returnedAt === undefined) return;
  if (input.type === 'read' && output === undefined) {
    throw new TypeError('A read that returned must have an output, null for nothing: received undefined');
  }
  if (input.type === 'cas' && typeof output !== 'boolean') {
    throw new TypeError(`A cas that returned must have a boolean output: received ${JSON.stringify(output)}`);
  }
}

function describe(input: RegisterInput, output: RegisterOutput): string {
  const answer = output === undefined ? '?' : JSON.stringify(output);
  if (input.type === 'read') return `read → ${answer}`;
  if (input.type === 'write') return `write ${JSON.stringify(input.value)}`;
  return `cas ${JSON.stringify(input.from)} to ${JSON.stringify(input.to)} → ${answer}`;
}
