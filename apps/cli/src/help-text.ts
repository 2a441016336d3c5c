import type { Command } from 'commander';

/** What it does, and the command line that does it. */
export type Example = readonly [what: string, line: string];

/** Puts examples in front of a command's help: most people look for one to copy. */
export function withExamples(command: Command, examples: readonly Example[]): void {
  const lines = examples.flatMap(([what, line]) => [`  # ${what}`, `  ${line}`, '']);
  command.addHelpText('before', ['Examples:', ...lines].join('\n'));
}

/** What the exit code says, for the end of a help. */
export const exitCodesHelp: string = `
Exit codes:
  0  done
  1  failed: a file cannot be read or holds something wrong, there are no keys
  2  the command line is wrong: an unknown option, one that is missing, a value out of its range`;

/** What a nodes file looks like, for the end of a help. */
export const nodesFileHelp: string = `
nodes.json is one of:
  ["a", "b", "c"]
  [{"id": "a", "weight": 2, "zone": "east"}, {"id": "b"}]
  {"a": 2, "b": 1}`;
