import { describe, expect, it } from 'vitest';
import { parseOptions } from '../src/cli/options.ts';
import { UsageError } from '../src/cli/usage-error.ts';

describe('parseOptions', () => {
  it('has a default for everything', () => {
    expect(parseOptions([])).toEqual({
      filters: [],
      profile: 'quick',
      params: new Map(),
      seed: 1,
      keys: 'words',
      list: false,
      help: false,
    });
  });

  it('reads every option', () => {
    const args =
      'ring hash,core --profile full --threads 4,1,4 --param nodes=10,20 --param kind=a --seed 9 --keys k.txt --json - --html p.html --suites s';
    expect(parseOptions(args.split(' '))).toEqual({
      filters: ['ring', 'hash', 'core'],
      profile: 'full',
      threads: [1, 4],
      params: new Map<string, (string | number)[]>([
        ['nodes', [10, 20]],
        ['kind', ['a']],
      ]),
      seed: 9,
      keys: 'k.txt',
      json: '-',
      html: 'p.html',
      suites: 's',
      list: false,
      help: false,
    });
  });

  it('passes over the -- that pnpm hands on', () => {
    expect(parseOptions(['--', 'ring', '--list']).filters).toEqual(['ring']);
  });

  it.each([
    [['--fast'], "'--fast'"],
    [['--profile', 'slow'], 'quick or full: received "slow"'],
    [['--threads', '0'], 'from 1 to 64: received "0"'],
    [['--threads', '2,'], 'received ""'],
    [['--threads', '1e1'], 'received "1e1"'],
    [['--param', 'nodes'], 'name=value'],
    [['--param', 'nodes='], 'name=value'],
    [['--param', 'n=1', '--param', 'n=2'], 'given once'],
    [['--seed', '-1'], "'--seed'"],
    [['--seed', '1.5'], 'received "1.5"'],
    [['--json', ''], 'must have a value'],
    [['--html', '-'], 'must name a file'],
    [['--keys'], "'--keys"],
  ])('refuses %j and says why', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
