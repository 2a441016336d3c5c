import { describe, expect, it } from 'vitest';
import { checkHelp } from '../src/cli/check-help.ts';
import { parseCheckOptions } from '../src/cli/check-options.ts';
import { UsageError } from '../src/cli/usage-error.ts';

describe('parseCheckOptions', () => {
  it('has a default for everything but the base', () => {
    expect(parseCheckOptions(['--base', 'main'])).toEqual({
      filters: [],
      help: false,
      list: false,
      base: 'main',
      profile: 'gate',
      budgetMs: 480_000,
      seed: 1,
      keys: 'words',
      params: new Map(),
    });
  });

  it('reads every option', () => {
    const args =
      'ring hash,core --base HEAD^ --profile headline --budget 1.5h --min-effect 5% --alpha 0.02 --threads 2,1 --param nodes=10 --seed 9 --keys k.txt --json - --html p.html --summary s.md --history h.jsonl --suites s';
    expect(parseCheckOptions(args.split(' '))).toEqual({
      filters: ['ring', 'hash', 'core'],
      help: false,
      list: false,
      base: 'HEAD^',
      profile: 'headline',
      budgetMs: 5_400_000,
      minEffect: 0.05,
      alpha: 0.02,
      seed: 9,
      keys: 'k.txt',
      threads: [1, 2],
      params: new Map([['nodes', [10]]]),
      json: '-',
      html: 'p.html',
      summary: 's.md',
      history: 'h.jsonl',
      suites: 's',
    });
  });

  it('needs no base to judge a report again, to list, or to help', () => {
    const again = parseCheckOptions('--from r.json --min-effect 4% --alpha 2% --json - --html p'.split(' '));
    expect(again).toMatchObject({ from: 'r.json', minEffect: 0.04, alpha: 0.02, json: '-', html: 'p' });
    expect(parseCheckOptions(['ring', '--list'])).toMatchObject({ list: true, filters: ['ring'] });
    expect(parseCheckOptions(['-h'])).toMatchObject({ help: true });
  });

  it.each([
    ['', 'Option --base must name the commit to compare with, such as origin/main: received none'],
    ['HEAD^', 'Option --base must name the commit to compare with, such as origin/main: received none'],
    ['--base', "Option '--base <value>' argument missing"],
    ['--base main --fast', "Unknown option '--fast'"],
    ['--base main --profile quick', 'Option --profile must be gate or headline: received "quick"'],
    [
      '--base main --budget 8',
      'Option --budget must be a time from 1s to 24h, such as 90s, 8m or 1h: received "8"',
    ],
    ['--base main --budget 0s', 'received "0s"'],
    ['--base main --budget 24.1h', 'received "24.1h"'],
    ['--base main --budget 1e1m', 'received "1e1m"'],
    ['--base main --budget=-5m', 'received "-5m"'],
    ['--base main --min-effect 2.5', 'Option --min-effect must be a share from 0.5% to 50%: received "2.5"'],
    ['--base main --min-effect 51%', 'received "51%"'],
    ['--base main --min-effect 0.4%', 'received "0.4%"'],
    ['--base main --min-effect 1e-2', 'received "1e-2"'],
    ['--base main --min-effect=', 'received ""'],
    ['--base main --alpha 0', 'Option --alpha must be a share from 0.01% to 20%: received "0"'],
    ['--base main --alpha 20.1%', 'received "20.1%"'],
    ['--base main --seed 4294967296', 'Option --seed must be an integer from 0 to 4294967295: received'],
    ['--base main --threads 0', 'Option --threads must be an integer from 1 to 64: received "0"'],
    ['--base main --param nodes', 'Option --param must look like name=value or name=value,value'],
    ['--base main --keys=', 'Option --keys must have a value: received ""'],
    ['--base=', 'Option --base must have a value: received ""'],
    ['--base main --json=', 'Option --json must have a value: received ""'],
    ['--base main --html -', 'Option --html must name a file: received "-"'],
    ['--base main --summary -', 'Option --summary must name a file: received "-"'],
    ['--base main --history -', 'Option --history must name a file: received "-"'],
    ['--from r.json --base main', 'Option --from judges a report that is there, and goes without --base'],
    ['--from r.json ring', 'Option --from judges a report that is there, and goes without filters'],
    [
      '--from r.json --list --seed 2 --budget 1m',
      'Option --from judges a report that is there, and goes without --list, --seed, --budget',
    ],
  ])('refuses "%s"', (args, message) => {
    const parse = () => parseCheckOptions(args.split(' ').filter(Boolean));
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });

  it('explains every option, in lines that fit a terminal', () => {
    for (const option of [
      'base',
      'budget',
      'min-effect',
      'alpha',
      'profile',
      'threads',
      'param',
      'seed',
      'keys',
    ]) {
      expect(checkHelp).toMatch(new RegExp(`^  --${option} `, 'm'));
    }
    for (const option of ['list', 'json', 'html', 'summary', 'history', 'from', 'suites']) {
      expect(checkHelp).toMatch(new RegExp(`^  --${option} `, 'm'));
    }
    expect(checkHelp.split('\n').filter(line => line.length > 120)).toEqual([]);
  });
});
