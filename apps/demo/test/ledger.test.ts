import { describe, expect, test } from 'vitest';
import type { KeyAnswer } from '../src/cluster-client.ts';
import { Ledger, valueOf } from '../src/ledger.ts';

const inEpoch = (epoch: number, count: number): number => epoch * 2 ** 32 + count;
const absent: KeyAnswer = {
  status: 404,
  version: 0,
  value: undefined,
  code: 'KEY_NOT_FOUND',
  retryable: false,
};
const found = (number: number, version: number, key = 'k'): KeyAnswer => {
  return { status: 200, version, value: valueOf(key, number), code: undefined, retryable: false };
};

/** A key whose first write was acknowledged in epoch 1. */
function written(): Ledger {
  const ledger = new Ledger();
  ledger.issue('k', 'put');
  ledger.acknowledge('k', 'put', inEpoch(1, 5));
  return ledger;
}

describe('an answer', () => {
  test('that shows the acknowledged write is right; any other is not', () => {
    const ledger = written();
    const before = ledger.expect('k');
    expect(ledger.judge(before, found(1, inEpoch(1, 5)))).toBe('ok');
    expect(ledger.judge(before, absent)).toBe('lost');
    expect(ledger.judge(before, found(0, inEpoch(1, 4)))).toBe('stale');
    expect(ledger.judge(before, found(1, inEpoch(1, 6)))).toBe('wrong');
    expect(ledger.judge(before, found(2, inEpoch(1, 6)))).toBe('wrong');
    expect(ledger.judge(before, found(1, inEpoch(1, 5), 'other'))).toBe('wrong');
    expect(ledger.judge(before, { ...absent, status: 200, value: 'k#' })).toBe('wrong');
  });

  test('may show a write that was under way while it was read, or not yet', () => {
    const ledger = written();
    const before = ledger.expect('k');
    ledger.issue('k', 'put');
    expect(ledger.judge(before, found(1, inEpoch(1, 5)))).toBe('ok');
    expect(ledger.judge(before, found(2, inEpoch(1, 6)))).toBe('ok');
    expect(ledger.judge(before, found(2, inEpoch(1, 5)))).toBe('wrong');
    expect(ledger.judge(before, absent)).toBe('lost');
    ledger.acknowledge('k', 'put', inEpoch(1, 6));
    expect(ledger.judge(ledger.expect('k'), found(1, inEpoch(1, 5)))).toBe('stale');
  });

  test('may show a deletion that was under way, and nothing from before it once it was acknowledged', () => {
    const ledger = written();
    const before = ledger.expect('k');
    ledger.issue('k', 'delete');
    expect(ledger.judge(before, absent)).toBe('ok');
    ledger.acknowledge('k', 'delete', inEpoch(1, 6));
    const after = ledger.expect('k');
    expect(ledger.judge(after, absent)).toBe('ok');
    expect(ledger.judge(after, found(1, inEpoch(1, 5)))).toBe('stale');
    expect(ledger.judge(after, found(2, inEpoch(1, 6)))).toBe('wrong');
  });

  test('may have a later version if that very write was sent twice', () => {
    const ledger = new Ledger();
    ledger.issue('k', 'put');
    ledger.repeat('k');
    ledger.acknowledge('k', 'put', inEpoch(1, 5));
    const before = ledger.expect('k');
    ledger.issue('k', 'put');
    expect(ledger.judge(before, found(1, inEpoch(1, 6)))).toBe('ok');
    expect(ledger.judge(before, found(1, inEpoch(1, 4)))).toBe('wrong');
  });
});

describe('a death', () => {
  test('takes what was acknowledged up to then, and nothing later', () => {
    const ledger = written();
    ledger.issue('other', 'put');
    ledger.acknowledge('other', 'put', inEpoch(1, 9));
    expect(ledger.markDied(1, key => key === 'k')).toBe(1);
    const before = ledger.expect('k');
    expect(ledger.judge(before, absent)).toBe('died');
    expect(ledger.judge(ledger.expect('other'), absent)).toBe('lost');
    expect([...ledger.liveKeys()]).toEqual(['other']);
    ledger.issue('k', 'put');
    ledger.acknowledge('k', 'put', inEpoch(2, 1));
    expect(ledger.judge(before, absent)).toBe('died');
    expect(ledger.judge(ledger.expect('k'), absent)).toBe('lost');
    expect(ledger.markDied(2, () => true)).toBe(2);
  });

  test('takes an acknowledgement that was still on its way', () => {
    const ledger = written();
    ledger.issue('k', 'put');
    ledger.markDied(1, () => true);
    ledger.acknowledge('k', 'put', inEpoch(1, 7));
    expect(ledger.judge(ledger.expect('k'), absent)).toBe('died');
  });

  test('does not bring back older values', () => {
    const ledger = written();
    ledger.issue('k', 'put');
    ledger.acknowledge('k', 'put', inEpoch(1, 7));
    ledger.markDied(1, () => true);
    expect(ledger.judge(ledger.expect('k'), found(1, inEpoch(1, 5)))).toBe('stale');
  });
});
