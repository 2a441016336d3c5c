import type { Operation } from '../../operation.ts';
import type { Model, Scalar } from '../model.ts';
import { scalarText } from './scalar-text.ts';

export type SetInput =
  | { readonly type: 'add' | 'remove' | 'has'; readonly element: Scalar }
  | { readonly type: 'members' };

/**
 * `has` returns whether it is in, `members` all elements in any order; `add` and `remove` whether they changed the set, or
 * undefined where it tells nobody.
 */
export type SetOutput = boolean | readonly Scalar[] | undefined;

/** Elements by their text, in its order. */
export type SetMembers = readonly string[];

/** Elements that are in or not. */
export function set(): Model<SetMembers, SetInput, SetOutput> {
  return {
    name: 'set',
    init: () => [],
    step,
    key: members => JSON.stringify(members),
    operationKey: (input, output) =>
      input.type === 'members'
        ? `m${JSON.stringify(output)}`
        : `${input.type} ${String(output)} ${scalarText(input.element)}`,
    readOnly: (input, output) => input.type === 'has' || input.type === 'members' || output === false,
    validate,
    describe(input, output) {
      const what = input.type === 'members' ? 'members' : `${input.type} ${JSON.stringify(input.element)}`;
      return output === undefined ? what : `${what} → ${JSON.stringify(output)}`;
    },
  };
}

/** The same set, where whole sets are never read: each element is then a partition of its own, which is far cheaper. */
export function setByElement(): Model<SetMembers, SetInput, SetOutput> {
  return {
    ...set(),
    name: 'set-by-element',
    partition(input) {
      if (input.type !== 'members') return scalarText(input.element);
      throw new TypeError('A set by element cannot read all members: use set()');
    },
  };
}

function step(members: SetMembers, input: SetInput, output: SetOutput): SetMembers | undefined {
  if (input.type === 'members') {
    return output === undefined || isSame(members, output as readonly Scalar[]) ? members : undefined;
  }
  const text = scalarText(input.element);
  const isIn = members.includes(text);
  const answer = input.type === 'add' ? !isIn : isIn;
  if (output !== undefined && output !== answer) return undefined;
  if (input.type === 'has' || !answer) return members;
  if (input.type === 'remove') return members.filter(member => member !== text);
  return [...members, text].sort();
}

function isSame(members: SetMembers, read: readonly Scalar[]): boolean {
  if (read.length !== members.length) return false;
  const texts = read.map(scalarText).sort();
  return texts.every((text, index) => text === members[index]);
}

function validate({ input, output, returnedAt }: Operation<SetInput, SetOutput>): void {
  switch (input.type) {
    case 'add':
    case 'remove':
      if (output === undefined || typeof output === 'boolean') return;
      break;
    case 'has':
      if (returnedAt === undefined || typeof output === 'boolean') return;
      break;
    case 'members':
      if (returnedAt === undefined || Array.isArray(output)) return;
      break;
    default:
      throw new TypeError(
        `A set can add, remove, has and members: received ${JSON.stringify(input satisfies never)}`,
      );
  }
  throw new TypeError(
    `"${input.type}" must return ${input.type === 'members' ? 'an array' : 'a boolean'}: received ${JSON.stringify(output)}`,
  );
}
