import { describe, expect, test } from 'vitest';
import { nearNames } from '../../src/host/cli/near-names.ts';

const names = ['sim/bank', 'sim/lease-lock', 'sim/lease-lock-no-fencing', 'transport/requests'];

describe('nearNames', () => {
  test.each([
    ['lease-lok', ['sim/lease-lock']],
    ['sim/lease-lokc', ['sim/lease-lock']],
    ['leaselock', ['sim/lease-lock']],
    ['fencing', ['sim/lease-lock-no-fencing']],
    ['bnak', []],
    ['bnk', ['sim/bank']],
    ['', []],
    ['something else', []],
  ])('of "%s"', (name, near) => {
    expect(nearNames(name, names)).toEqual(near);
  });

  test('are three at most, the nearest first', () => {
    expect(nearNames('lock', ['a/lock-1', 'a/locks', 'a/lock-22', 'b/lokc', 'b/clock'])).toHaveLength(3);
    expect(nearNames('requesst', ['a/requestors', 'a/requests', 'a/request'])[0]).toBe('a/request');
  });
});
