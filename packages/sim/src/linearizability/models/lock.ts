import type { Operation } from '../../operation.ts';
import type { Model, PartitionKey } from '../model.ts';
import { scalarText } from './scalar-text.ts';

export type LockInput = {
  readonly type: 'acquire' | 'release';
  /** Whoever asks. A lock does not let the same owner in twice. */
  readonly owner: string | number;
  /** Which lock, where there are several. */
  readonly lock?: PartitionKey;
};

/**
 * An acquire returns its fencing token, `true` where the lock has none, or `false` where it was refused. A release returns
 * whether the owner held it, or undefined where the lock tells nobody.
 */
export type LockOutput = number | boolean | undefined;

/** Who holds the lock, and how far its tokens have come. */
export interface LockState {
  /** Absent while it is free. */
  readonly owner?: string | number;
  /** The highest token that was handed out. */
  readonly fence: number;
}

const free: LockState = { fence: Number.NEGATIVE_INFINITY };

/**
 * A mutex, fenced or not: one owner at a time, and tokens that only rise.
 *
 * A lock whose holder may lose it without asking (by a lease that ends) is no such object; check that one by the invariant
 * `mutualExclusion`, or record the loss as a release by its owner.
 */
export function lock(): Model<LockState, LockInput, LockOutput> {
  return {
    name: 'lock',
    init: () => free,
    step(state, input, output) {
      return input.type === 'acquire' ? acquire(state, input, output) : release(state, input, output);
    },
    partition: input => input.lock ?? '',
    key: ({ owner, fence }) => (owner === undefined ? fence : `${fence} ${scalarText(owner)}`),
    operationKey: ({ type, owner }, output) => `${type} ${output} ${scalarText(owner)}`,
    readOnly: (_input, output) => output === false,
    validate,
    describe({ type, owner, lock }, output) {
      const which = lock === undefined ? '' : ` ${JSON.stringify(lock)}`;
      return `${type}${which} by ${JSON.stringify(owner)}${output === undefined ? '' : ` → ${output}`}`;
    },
  };
}

function acquire(state: LockState, { owner }: LockInput, output: LockOutput): LockState | undefined {
  const isFree = state.owner === undefined;
  if (output === false) return isFree ? undefined : state;
  // Of one whose answer is unknown, nobody knows the token either; the next one is above whatever it was.
  if (!isFree) return output === undefined ? state : undefined;
  if (typeof output !== 'number') return { owner, fence: state.fence };
  return output > state.fence ? { owner, fence: output } : undefined;
}

function release(state: LockState, { owner }: LockInput, output: LockOutput): LockState | undefined {
  const holds = state.owner === owner;
  if (output !== undefined && output !== holds) return undefined;
  return holds ? { fence: state.fence } : state;
}

function validate({ input, output, returnedAt }: Operation<LockInput, LockOutput>): void {
  if (input.type !== 'acquire' && input.type !== 'release') {
    throw new TypeError(`A lock can acquire and release: received ${JSON.stringify(input)}`);
  }
  if (input.owner === undefined) throw new TypeError('Owner of a lock must be given: received undefined');
  if (returnedAt === undefined) return;
  if (input.type === 'release' && (output === undefined || typeof output === 'boolean')) return;
  if (input.type === 'acquire' && (typeof output === 'boolean' || Number.isFinite(output))) return;
  throw new TypeError(
    `"${input.type}" must return ${input.type === 'acquire' ? 'a token or a boolean' : 'a boolean or nothing'}: received ${JSON.stringify(output)}`,
  );
}
