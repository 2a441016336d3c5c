import type { Operation } from '../../operation.ts';
import type { Model } from '../model.ts';
import { scalarText } from './scalar-text.ts';

export type KeyValueInput =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put' | 'append'; readonly key: string; readonly value: string };

/** A get returns the value; the others whatever they like. */
export type KeyValueOutput = string | null | undefined;

/**
 * Texts by key, of which each is a partition of its own.
 *
 * @param options.missing - what a key holds that was never put; default null, of which `append` makes the empty text
 */
export function keyValue(
  options: { readonly missing?: string | null } = {},
): Model<string | null, KeyValueInput, KeyValueOutput> {
  const { missing = null } = options;
  return {
    name: 'key-value',
    init: () => missing,
    step,
    partition: input => input.key,
    operationKey,
    readOnly: input => input.type === 'get',
    reachable,
    validate,
    describe,
  };
}

function step(value: string | null, input: KeyValueInput, output: KeyValueOutput): string | null | undefined {
  if (input.type === 'get') return output === undefined || output === value ? value : undefined;
  return input.type === 'put' ? input.value : (value ?? '') + input.value;
}

/** What a get returned begins with what was there or was put in between, for all else only appends. */
function reachable(
  value: string | null,
  _input: KeyValueInput,
  output: KeyValueOutput,
  inputs: readonly KeyValueInput[],
): boolean {
  if (typeof output !== 'string') return output === undefined || output === value;
  if (output.startsWith(value ?? '')) return true;
  return inputs.some(input => input.type === 'put' && output.startsWith(input.value));
}

function operationKey(input: KeyValueInput, output: KeyValueOutput): string {
  if (input.type !== 'get') return `${input.type}${input.value}`;
  return output === undefined ? 'get?' : `get${scalarText(output)}`;
}

function validate({ input, output, returnedAt }: Operation<KeyValueInput, KeyValueOutput>): void {
  if (input.type !== 'get' && input.type !== 'put' && input.type !== 'append') {
    throw new TypeError(`A key-value store can get, put and append: received ${JSON.stringify(input)}`);
  }
  if (input.type === 'get' && returnedAt !== undefined && output === undefined) {
    throw new TypeError('A get that returned must have an output, null for nothing: received undefined');
  }
}

function describe(input: KeyValueInput, output: KeyValueOutput): string {
  const key = JSON.stringify(input.key);
  if (input.type !== 'get') return `${input.type} ${key} ${JSON.stringify(input.value)}`;
  return `get ${key} → ${output === undefined ? '?' : JSON.stringify(output)}`;
}
