import { QuorateError, type Unknown } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { Answers } from '../src/host/queue/answers.ts';

const failure = (outcome: 'not-applied' | 'unknown', message: string): QuorateError =>
  new QuorateError('UNAVAILABLE', message, { outcome });
const unknown = (cause: QuorateError): Unknown => ({ outcome: 'unknown', cause });

describe('what becomes of the items of one call', () => {
  test('is told in their order when all of it is known', async () => {
    const answers = new Answers<number>(3);
    for (const place of [2, 0, 1]) answers.settle(place, place * 10);
    expect(await answers.all).toEqual([0, 10, 20]);
  });

  test('is unknown of each that failed, where another was done or may have been', async () => {
    const [refused, lost] = [failure('not-applied', 'refused'), failure('unknown', 'lost')];
    const one = new Answers<number>(2);
    one.reject(0, refused);
    one.settle(1, 1);
    expect(await one.all).toEqual([unknown(refused), 1]);
    const other = new Answers<number>(2);
    other.reject(1, refused);
    other.reject(0, lost);
    expect(await other.all).toEqual([unknown(lost), unknown(refused)]);
  });

  test('is thrown where none of it was done, as the first item has failed', async () => {
    const answers = new Answers<number>(3);
    for (const place of [1, 0, 2]) answers.reject(place, failure('not-applied', `${place}`));
    await expect(answers.all).rejects.toThrow(failure('not-applied', '0'));
  });
});
