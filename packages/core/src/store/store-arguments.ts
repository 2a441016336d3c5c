import { type SessionId, sessionId } from '../ids.ts';
import type { BatchWrite, Condition, OperationId } from './store.ts';

/** The longest key or prefix, in UTF-8 bytes. */
export const keyMaxBytes = 1024;

/** The first segment of a key or of a prefix: what order and atomicity hold within. */
export function partitionOf(key: string): string {
  const end = key.indexOf('/');
  return end === -1 ? key : key.slice(0, end);
}

/**
 * What every engine asks of the name of a key, a prefix or a queue: well-formed Unicode that begins with its partition, of 1,024 bytes at
 * most.
 *
 * @param what the word for it in the error
 * @throws TypeError, RangeError
 */
export function checkKey(what: string, key: string): void {
  if (typeof key !== 'string') throw new TypeError(`${what} must be a string: received ${String(key)}`);
  if (partitionOf(key) === '')
    throw new RangeError(`${what} must begin with its partition: received "${key}"`);
  // Lone surrogates have no UTF-8, and two such keys would become one; PostgreSQL knows no NUL in texts.
  if (/[\0\p{Surrogate}]/u.test(key))
    throw new RangeError(`${what} must be well-formed Unicode without NUL: received ${JSON.stringify(key)}`);
  if (key.length * 3 <= keyMaxBytes) return;
  const bytes = new TextEncoder().encode(key).length;
  if (bytes > keyMaxBytes)
    throw new RangeError(`${what} must be at most ${keyMaxBytes} bytes of UTF-8: received ${bytes}`);
}

/** @throws TypeError, RangeError */
export function checkValue(key: string, value: Uint8Array, valueMaxBytes: number): void {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`Value of "${key}" must be a Uint8Array: received ${String(value)}`);
  }
  if (value.length <= valueMaxBytes) return;
  throw new RangeError(`Value of "${key}" must be at most ${valueMaxBytes} bytes: received ${value.length}`);
}

/** @throws TypeError, RangeError unless exactly one of the three conditions */
export function checkCondition(key: string, condition: Condition): void {
  const names = Object.keys(condition ?? {});
  const [name = ''] = names;
  if (names.length !== 1 || !['absent', 'modified', 'created'].includes(name)) {
    throw new TypeError(
      `Condition of "${key}" must be one of absent, modified and created: received ${names.join()}`,
    );
  }
  if ('absent' in condition) {
    if (condition.absent) return;
    throw new TypeError(`Condition "absent" of "${key}" must be true: received ${String(condition.absent)}`);
  }
  const revision = 'modified' in condition ? condition.modified : condition.created;
  checkInteger(`Revision in the condition of "${key}"`, revision, 0);
}

/** @throws TypeError, RangeError */
export function checkOperation(operation: OperationId | undefined): void {
  if (operation === undefined) return;
  checkSessionId(operation.session);
  checkInteger('Sequence number of an operation', operation.sequence, 1);
}

/** @throws TypeError, RangeError */
export function checkSessionId(session: SessionId): void {
  sessionId(session);
}

/** @throws TypeError, RangeError unless a bigint of 64 bits */
export function checkDelta(key: string, delta: bigint): void {
  if (typeof delta !== 'bigint')
    throw new TypeError(`Delta of "${key}" must be a bigint: received ${String(delta)}`);
  if (BigInt.asIntN(64, delta) === delta) return;
  throw new RangeError(`Delta of "${key}" must fit a signed 64-bit integer: received ${delta}`);
}

/** @throws TypeError, RangeError unless every key lies in one partition and is written once */
export function checkBatch(
  conditions: ReadonlyMap<string, Condition>,
  writes: readonly BatchWrite[],
  valueMaxBytes: number,
): void {
  const written = new Set<string>();
  for (const write of writes) {
    checkKey('Key', write.key);
    checkWrite(write, valueMaxBytes);
    if (written.has(write.key))
      throw new RangeError(`Key of a batch must be written once: received "${write.key}" twice`);
    written.add(write.key);
  }
  for (const [key, condition] of conditions) {
    checkKey('Key', key);
    checkCondition(key, condition);
  }
  const [first, ...others] = [...conditions.keys(), ...written];
  if (first === undefined) throw new RangeError('Batch must have a condition or a write');
  const other = others.find(key => partitionOf(key) !== partitionOf(first));
  if (other === undefined) return;
  throw new RangeError(`Keys of a batch must lie in one partition: received "${first}" and "${other}"`);
}

/** @throws TypeError, RangeError */
function checkWrite(write: BatchWrite, valueMaxBytes: number): void {
  if (write.type === 'put') {
    checkValue(write.key, write.value, valueMaxBytes);
    if (write.session !== undefined) checkSessionId(write.session);
  } else if (write.type !== 'delete') {
    const { type, key } = write as { readonly type: unknown; readonly key: string };
    throw new TypeError(`Write of "${key}" must be a put or a delete: received ${String(type)}`);
  }
}

/** @throws RangeError */
export function checkInteger(what: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  throw new RangeError(`${what} must be an integer of at least ${min}: received ${String(value)}`);
}
