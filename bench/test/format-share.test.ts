import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatShare } from '../src/check/format-share.ts';

describe('formatShare', () => {
  it.each([
    [0.05, '+5.0 %'],
    [-0.05, '-5.0 %'],
    [0.0012, '+0.12 %'],
    [-0.0012, '-0.12 %'],
    [0.099, '+9.9 %'],
    [0.123, '+12 %'],
    [-0.5, '-50 %'],
    [0.999, '+100 %'],
    [0, '+0.00 %'],
    [-0, '+0.00 %'],
    [-0.000_001, '+0.00 %'],
    [0.000_04, '+0.00 %'],
  ])('has %d as a signed percentage: %s', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  it.each([
    [1, 'x2'],
    [1.5, 'x2.5'],
    [2.414, 'x3.41'],
    [9, 'x10'],
    [19, 'x20'],
    [98.96, 'x100'],
    [109, 'x110'],
    [199, 'x200'],
    [999, 'x1000'],
    [12_344, 'x12300'],
    [1e6 - 1, 'x1000000'],
  ])('has %d as a factor: %s', (share, text) => {
    expect(formatShare(share)).toBe(text);
  });

  it.each([Infinity, -Infinity, Number.NaN])('calls %d unbounded', share => {
    expect(formatShare(share)).toBe('unbounded');
  });

  it('can be read back', () => {
    fc.assert(
      fc.property(fc.double({ min: -0.99, max: 1e6, noNaN: true }), share => {
        const text = formatShare(share);
        const factor = text.startsWith('x')
          ? Number(text.slice(1))
          : 1 + Number(text.replace(' %', '')) / 100;
        expect(Math.abs(factor / (1 + share) - 1)).toBeLessThan(share < -0.8 ? 0.2 : 0.03);
      }),
    );
  });
});
