import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatReplay, parseReplay, type Replay } from '../../src/host/runner/replay-line.ts';

const plain: Replay = { scenario: 'lease-lock', seed: 17, changes: {}, traceHash: '0123456789abcdef' };

function sorted({ changes, ...rest }: Replay): object {
  const { without, ...times } = changes;
  return { ...rest, ...times, without: without?.toSorted() };
}

describe('replay line', () => {
  test('is one word that any shell leaves alone', () => {
    const without = Array.from({ length: 300 }, (_, index) => `latency:a>b#${index * 2}`);
    const line = formatReplay({ ...plain, package: 'sim', changes: { without }, scenarioDigest: '89abcdef' });
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
    expect(formatReplay({ ...plain, changes: { without } }).length).toBeLessThan(400);
  });

  test('is read back as it was written', () => {
    const name = fc.tuple(fc.constantFrom('loss', 'fault:crash', 'op:client-1'), fc.nat(999));
    const replay = fc.record(
      {
        package: fc.constantFrom('sim', 'engine-redis'),
        scenario: fc.constantFrom('lease-lock', 'a.b'),
        seed: fc.nat(),
        changes: fc.record(
          {
            without: fc.uniqueArray(
              name.map(([label, index]) => `${label}#${index}`),
              { minLength: 1 },
            ),
            safetyMs: fc.nat(60_000),
            earlierMs: fc.integer({ min: 1, max: 60_000 }),
          },
          { requiredKeys: [] },
        ),
        traceHash: fc.constantFrom('0123456789abcdef', ''),
        scenarioDigest: fc.constant('89abcdef'),
        simulatorDigest: fc.constant('01234567'),
      },
      { requiredKeys: ['scenario', 'seed', 'changes', 'traceHash'] },
    );
    fc.assert(
      fc.property(replay, value => {
        expect(sorted(parseReplay(` ${formatReplay(value)}\n`))).toEqual(sorted(value));
      }),
    );
  });

  test.each([
    ['', 'must look like'],
    ['sim2/-/a/1/0123456789abcdef/-/-/-', 'must look like'],
    ['sim1/-/a/x/0123456789abcdef/-/-/-', 'must look like'],
    ['sim1/-/../1/0123456789abcdef/-/-/-/-', 'must look like'],
    [formatReplay({ ...plain, changes: { safetyMs: 5 } }).slice(0, -6), 'must be whole'],
    ['sim1/-/a/1/0123456789abcdef/-/-/q1bK', 'must be whole'],
  ])('%j is refused: %s', (line, message) => {
    expect(() => parseReplay(line)).toThrow(RangeError);
    expect(() => parseReplay(line)).toThrow(message);
  });
});
