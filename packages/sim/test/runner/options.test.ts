import { describe, expect, test } from 'vitest';
import { parseOptions } from '../../src/host/cli/options.ts';
import { UsageError } from '../../src/host/cli/usage-error.ts';

describe('the options of pnpm sim', () => {
  test.each([
    [[], 'A scenario must be named: received none'],
    [['a', 'b'], 'One scenario must be named: received a, b'],
    [['a', '--seeds', '9..1'], 'Option --seeds must be a seed or a range such as 1..10000'],
    [['a', '--seeds', '1..4294967296'], 'from 0 to 4294967295'],
    [['a', '--seeds', '-1'], "Option '--seeds'"],
    [['a', '--jobs', '0'], 'Option --jobs must be an integer from 1 to 256: received "0"'],
    [['a', '--budget', '5'], 'Option --budget must be a time from 1s to 24h'],
    [['a', '--seed-deadline', '0s'], 'Option --seed-deadline must be a time from 1s to 24h'],
    [['a', '--shrink', 'maybe'], 'Option --shrink must be yes or no'],
    [['a', '--without', 'a#b'], 'Option --without must name labels'],
    [['a', '--html', '-'], 'Option --html must name a file'],
    [['a', '--json', ''], 'Option --json must have a value'],
    [['--replay', 'sim1/nonsense'], 'Replay line must look like sim1/'],
    [
      ['a', '--replay', 'sim1/-/a/1/-/-/-/-'],
      'Option --replay says all of a run, and goes without a scenario',
    ],
    [['--replay', 'sim1/-/a/1/-/-/-/-', '--keep'], 'goes without --keep'],
  ])('%j is refused', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });

  test('without a number of seeds there are a thousand, with a budget alone no end of them', () => {
    expect(parseOptions(['a']).seeds).toEqual({ from: 1, to: 1000 });
    expect(parseOptions(['a', '--budget', '90s'])).toMatchObject({
      seeds: { from: 1, to: 4_294_967_295 },
      budgetMs: 90_000,
    });
    expect(parseOptions(['a', '--budget', '1m', '--seeds', '7']).seeds).toEqual({ from: 7, to: 7 });
  });

  test('names to take away may be listed and repeated', () => {
    const { without } = parseOptions(['a', '--without', 'loss,op:c#3', '--without', 'fault:crash']);
    expect(without).toEqual(['loss', 'op:c#3', 'fault:crash']);
  });

  test('a line stands for all of a run', () => {
    const { replay } = parseOptions([
      '--replay',
      'sim1/lock/a/17/0123456789abcdef/-/-/-',
      '--html',
      'page.html',
    ]);
    expect(replay).toEqual({
      package: 'lock',
      scenario: 'a',
      seed: 17,
      changes: {},
      traceHash: '0123456789abcdef',
    });
  });
});
