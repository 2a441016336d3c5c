import { errorCode, InvariantError, invariant, QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';

test('an error answers the three questions, with the answers that are never wrong by default', () => {
  const error = new QuorateError('UNAVAILABLE', 'The engine did not answer');
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({
    name: 'QuorateError',
    code: 'UNAVAILABLE',
    retryable: false,
    outcome: 'unknown',
  });
  expect('cause' in error).toBe(false);
  expect(String(error)).toBe('QuorateError: The engine did not answer');
});

test('a cause is kept, also one that is undefined', () => {
  const cause = new Error('underneath');
  expect(new QuorateError('X', 'y', { cause, retryable: true, outcome: 'applied' })).toMatchObject({
    cause,
    retryable: true,
    outcome: 'applied',
  });
  expect('cause' in new QuorateError('X', 'y', { cause: undefined })).toBe(true);
});

test('errorCode reads the code of anything that was thrown', () => {
  expect(errorCode(new QuorateError('CLOSED', 'x'))).toBe('CLOSED');
  expect(errorCode(Object.assign(new Error('x'), { code: 'ENOSPC' }))).toBe('ENOSPC');
  for (const odd of [undefined, null, 'text', 7, {}, { code: 7 }]) expect(errorCode(odd)).toBeUndefined();
});

test('a broken invariant throws an error of its own class', () => {
  expect(() => invariant('anything', 'fine')).not.toThrow();
  expect(() => invariant(0, 'the count is positive')).toThrow(InvariantError);
  expect(() => invariant('', 'x')).toThrow('Invariant broken: x');
});
