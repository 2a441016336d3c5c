import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';

const HELP = { help: { type: 'boolean', short: 'h' } } as const;

type Values<T extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: T & typeof HELP }>
>['values'];

/**
 * The options that a script was started with.
 *
 * Asked for help, or given what it does not know, the script ends here: with its usage and exit code 0, or with a
 * sentence on stderr and exit code 2.
 */
export function readOptions<const T extends ParseArgsOptionsConfig>(usage: string, options: T): Values<T> {
  const values = parse(usage, options);
  if (!('help' in values)) return values;
  process.stdout.write(usage);
  return process.exit(0);
}

function parse<const T extends ParseArgsOptionsConfig>(usage: string, options: T): Values<T> {
  try {
    return parseArgs({ options: { ...options, ...HELP } }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return process.exit(2);
  }
}
