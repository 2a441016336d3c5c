import { describe, expect, it } from 'vitest';
import { UsageError } from '../src/cli/usage-error.ts';
import { parseValidateOptions, validateHelp } from '../src/cli/validate-options.ts';

const parse = (args: string) => parseValidateOptions(args.split(' ').filter(Boolean), 'default.jsonl');

describe('parseValidateOptions', () => {
  it('has a default for everything', () => {
    expect(parse('')).toEqual({
      help: false,
      forMs: 300_000,
      conditions: ['quiet', 'one neighbour', 'two neighbours'],
      seed: 1,
      results: 'default.jsonl',
      report: false,
      json: false,
    });
  });

  it('reads every option', () => {
    const args = '-- --for 1.5h --conditions 2,quiet,2 --seed 9 --results r.jsonl --report --json -h';
    expect(parse(args)).toEqual({
      help: true,
      forMs: 5_400_000,
      conditions: ['two neighbours', 'quiet', 'two neighbours'],
      seed: 9,
      results: 'r.jsonl',
      report: true,
      json: true,
    });
    expect(parse('--conditions twin')).toMatchObject({ conditions: ['twin'] });
    expect(parseValidateOptions(['--conditions', '1, 2'], 'r.jsonl')).toMatchObject({
      conditions: ['one neighbour', 'two neighbours'],
    });
  });

  it.each([
    ['--fast', "Unknown option '--fast'"],
    ['more', "Unexpected argument 'more'"],
    ['--for', "Option '--for <value>' argument missing"],
    ['--for 5', 'Option --for must be a time from 1s to 24h, such as 90s, 8m or 1h: received "5"'],
    ['--for 5mm', 'received "5mm"'],
    ['--for 25h', 'received "25h"'],
    ['--for 0.9s', 'received "0.9s"'],
    ['--conditions busy', 'Option --conditions must list quiet, 1, 2 or twin: received "busy"'],
    ['--conditions 1,', 'Option --conditions must list quiet, 1, 2 or twin: received ""'],
    ['--conditions 3', 'received "3"'],
    ['--conditions constructor', 'received "constructor"'],
    ['--conditions twin,1', 'Option --conditions must have twin alone'],
    ['--conditions twin,twin', 'Option --conditions must have twin alone'],
    ['--seed 1.5', 'Option --seed must be an integer from 0 to 4294967295: received "1.5"'],
    ['--seed 4294967296', 'received "4294967296"'],
    ['--results=', 'Option --results must have a value: received ""'],
  ])('refuses "%s"', (args, message) => {
    expect(() => parse(args)).toThrow(UsageError);
    expect(() => parse(args)).toThrow(message);
  });

  it('explains every option', () => {
    for (const option of ['for', 'conditions', 'seed', 'results', 'report', 'json']) {
      expect(validateHelp).toMatch(new RegExp(`^  --${option}\\b`, 'm'));
    }
  });
});
