import { parseArgs } from 'node:util';

/** What the command line asks for. */
export interface DemoArguments {
  readonly nodes: number;
  readonly keysFile: string | undefined;
  /** `undefined`: 50,000 words, or every line of the file. */
  readonly count: number | undefined;
  readonly port: number;
  readonly seed: number;
  readonly json: boolean;
  /** Without it, the demo loads the keys and waits for somebody to press the page's buttons. */
  readonly tour: boolean;
  /** Whether to stay up after the tour, until Ctrl-C. */
  readonly stay: boolean;
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {}

export const usage: string = `Usage: pnpm demo [options]

Starts real node processes on this machine and shows two things. The ring: it loads real
keys, adds a node, removes one, kills one, and checks after each change that every key is
where it should be. Replication: three of the nodes (or more, see --nodes) form a group; under
writes its leader is killed and comes back, and what clients saw is checked.

  pnpm demo                        the tour, then a live page until Ctrl-C
  pnpm demo --json > report.json   the tour, then the report on stdout
  pnpm demo --keys keys.txt        your own keys, one per line

  --nodes N     nodes to start with, 2 to 9 (default 3); the group has as many replicas, but
                at least 3, and an odd number: a fourth would bear no more failures than three
  --keys FILE   keys, one per line, instead of the word list
  --count N     how many keys, 1 to 1000000 (default: 50000 words, or the whole file)
  --port N      port of the page (default 0: any free one)
  --seed N      repeats the choices of an earlier run (default: a new seed)
  --json        print the report as JSON on stdout, and end
  --once        end after the tour (the default unless stdout is a terminal)
  --keep        stay up after the tour until Ctrl-C, terminal or not
  --no-tour     load the keys, then wait for the page's buttons until Ctrl-C
  --help        print this

Exit code: 0 all checks passed, 1 a check or the run failed, 2 the arguments are wrong.
`;

const options = {
  nodes: { type: 'string' },
  keys: { type: 'string' },
  count: { type: 'string' },
  port: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean' },
  once: { type: 'boolean' },
  keep: { type: 'boolean' },
  'no-tour': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/**
 * Reads the command line.
 *
 * @returns `'help'` when help was asked for
 * @throws UsageError with a message that names the argument
 */
export function parseArguments(
  argv: readonly string[],
  isTerminal: boolean,
  freshSeed: () => number,
): DemoArguments | 'help' {
  const values = parse(argv);
  if (values.help === true) return 'help';
  if (values.once === true && values.keep === true) {
    throw new UsageError('--once and --keep exclude each other');
  }
  const json = values.json === true;
  const tour = values['no-tour'] !== true;
  if (!tour && (json || values.once === true)) {
    throw new UsageError('--no-tour leaves nothing to report: it excludes --json and --once');
  }
  return {
    nodes: integer('--nodes', values.nodes, 2, 9) ?? 3,
    keysFile: values.keys,
    count: integer('--count', values.count, 1, 1_000_000),
    port: integer('--port', values.port, 0, 65_535) ?? 0,
    seed: integer('--seed', values.seed, 0, 0xffff_ffff) ?? freshSeed(),
    json,
    tour,
    stay: !tour || values.keep === true || (isTerminal && !json && values.once !== true),
  };
}

function parse(argv: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof options }>>['values'] {
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

function integer(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${name} must be an integer from ${min} to ${max}: received ${JSON.stringify(text)}`);
}
