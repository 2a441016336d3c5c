import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReplay, parseReplay, type Replay } from '../../src/host/runner/replay-line.ts';

const plain: Replay = { scenario: 'lease-lock', seed: 17, without: [], traceHash: '0123456789abcdef' };

describe('replay line', () => {
  test('is one word that any shell leaves alone', () => {
    const without = Array.from({ length: 300 }, (_, index) => `latency:a>b#${index * 2}`);
    const line = formatReplay({ ...plain, package: 'sim', without, scenarioDigest: '89abcdef' });
    expect(line).toMatch(/^[\w./-]+$/);
    expect(line).toMatch(/^sim1\/sim\/lease-lock\/17\/0123456789abcdef\/89abcdef\/-\/[\w-]+$/);
  });

  test('has nothing at its end where nothing was taken away', () => {
    expect(formatReplay(plain)).toBe('sim1/-/lease-lock/17/0123456789abcdef/-/-/-');
  });

  test('stays a line when thousands of draws are taken away', () => {
    const labels = Array.from({ length: 20 }, (_, node) => `latency:node-${node}`);
    const without = labels.flatMap(label =>
      Array.from({ length: 500 }, (_, index) => `${label}#${index}`).filter(name => !name.endsWith('77')),
    );
    expect(without.length).toBeGreaterThan(9000);
    expect(formatReplay({ ...plain, without }).length).toBeLessThan(400);
  });

  test('is read back as it was written', () => {
    const name = fc.tuple(fc.constantFrom('loss', 'fault:crash', 'op:client-1'), fc.nat(999));
    const replay = fc.record(
      {
        package: fc.constantFrom('sim', 'engine-redis'),
        scenario: fc.constantFrom('lease-lock', 'a.b'),
        seed: fc.nat(),
        without: fc.uniqueArray(name.map(([label, index]) => `${label}#${index}`)).map(names => names.sort()),
        safetyMs: fc.nat(60_000),
        traceHash: fc.constantFrom('0123456789abcdef', ''),
        scenarioDigest: fc.constant('89abcdef'),
        simulatorDigest: fc.constant('01234567'),
      },
      { requiredKeys: ['scenario', 'seed', 'without', 'traceHash'] },
    );
    fc.assert(
      fc.property(replay, value => {
        const read = parseReplay(` ${formatReplay(value)}\n`);
        expect({ ...read, without: read.without.toSorted() }).toEqual(value);
      }),
    );
  });

  test.each([
    ['', 'must look like'],
    ['sim2/-/a/1/0123456789abcdef/-/-/-', 'must look like'],
    ['sim1/-/a/x/0123456789abcdef/-/-/-', 'must look like'],
    ['sim1/-/../1/0123456789abcdef/-/-/-/-', 'must look like'],
    [formatReplay({ ...plain, safetyMs: 5 }).slice(0, -6), 'must be whole'],
    ['sim1/-/a/1/0123456789abcdef/-/-/q1bK', 'must be whole'],
  ])('%j is refused: %s', (line, message) => {
    expect(() => parseReplay(line)).toThrow(RangeError);
    expect(() => parseReplay(line)).toThrow(message);
  });
});
