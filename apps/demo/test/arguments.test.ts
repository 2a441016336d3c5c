import { describe, expect, test } from 'vitest';
import { parseArguments, UsageError } from '../src/arguments.ts';

const parse = (argv: string[], isTerminal = false): ReturnType<typeof parseArguments> =>
  parseArguments(argv, isTerminal, () => 99);

describe('the command line', () => {
  test('has defaults', () => {
    const expected = {
      nodes: 3,
      keysFile: undefined,
      count: undefined,
      port: 0,
      seed: 99,
      json: false,
      tour: true,
      stay: false,
    };
    expect(parse([])).toEqual(expected);
    expect(parse([], true)).toEqual({ ...expected, stay: true });
  });

  test('takes every option', () => {
    const argv = '--nodes 5 --keys words.txt --count 10 --port 8080 --seed 7 --json --keep'.split(' ');
    const expected = {
      nodes: 5,
      keysFile: 'words.txt',
      count: 10,
      port: 8080,
      seed: 7,
      json: true,
      tour: true,
      stay: true,
    };
    expect(parse(argv)).toEqual(expected);
  });

  test('ends after the tour when asked to, or when its report goes to a program', () => {
    expect(parse(['--once'], true)).toMatchObject({ stay: false });
    expect(parse(['--json'], true)).toMatchObject({ stay: false });
    expect(parse(['--keep'], false)).toMatchObject({ stay: true });
    expect(parse(['--no-tour'], false)).toMatchObject({ tour: false, stay: true });
  });

  test.each(['--help', '-h'])('%s asks for help', flag => {
    expect(parse([flag])).toBe('help');
  });

  test.each([
    [['--nodes', '1'], '--nodes must be an integer from 2 to 9: received "1"'],
    [['--nodes', '10'], '--nodes must be an integer from 2 to 9: received "10"'],
    [['--nodes', '3.5'], 'received "3.5"'],
    [['--nodes='], 'received ""'],
    [['--count', '0'], '--count must be an integer from 1 to 1000000: received "0"'],
    [['--count', '1e3'], 'received "1e3"'],
    [['--port', '65536'], '--port must be an integer from 0 to 65535: received "65536"'],
    [['--seed', '-1'], 'ambiguous'],
    [['--seed=-1'], 'received "-1"'],
    [['--bogus'], "Unknown option '--bogus'"],
    [['words.txt'], "Unexpected argument 'words.txt'"],
    [['--json=yes'], "'--json' does not take an argument"],
    [['--no-tour', '--json'], '--no-tour leaves nothing to report'],
    [['--no-tour', '--once'], '--no-tour leaves nothing to report'],
    [['--once', '--keep'], '--once and --keep exclude each other'],
  ])('%j is refused by name', (argv, message) => {
    expect(() => parse(argv)).toThrow(UsageError);
    expect(() => parse(argv)).toThrow(message);
  });
});
