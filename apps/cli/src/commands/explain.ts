import type { Command } from 'commander';
import { type CommandIo, printJson, printLines } from '../command-io.ts';
import { errorCodes, similarCodes } from '../explain/error-codes.ts';
import { usageFailure } from '../failure.ts';
import { withExamples } from '../help-text.ts';
import { paintFor } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

/** Adds `quorate explain`. */
export function addExplain(program: Command, io: CommandIo): void {
  const command = program
    .command('explain')
    .summary('what an error code means and what to do')
    .description('Says what an error code means and what to do about it; without one, lists all codes.')
    .argument('[code]', 'for example DEADLINE_EXCEEDED')
    .option('--json', 'print JSON')
    .action((code: string | undefined, options: { readonly json?: true }) => {
      if (code === undefined) listCodes(options.json === true, io);
      else explainCode(code, options.json === true, io);
    });
  withExamples(command, [
    ['One code', 'quorate explain DEADLINE_EXCEEDED'],
    ['All of them', 'quorate explain'],
  ]);
}

function explainCode(given: string, json: boolean, io: CommandIo): void {
  const code = given.toUpperCase().replaceAll('-', '_');
  const entry = errorCodes.get(code);
  if (entry === undefined) {
    const similar = similarCodes(code);
    const guess = similar.length === 0 ? '' : ` Did you mean ${similar.join(' or ')}?`;
    throw usageFailure(`There is no error code ${JSON.stringify(given)}.${guess} All codes: quorate explain`);
  }
  if (json) {
    printJson(io, { code, ...entry });
    return;
  }
  const paint = paintFor(io.stdout, io.environment);
  const width = Math.min(io.stdout.columns ?? 100, 100);
  printLines(io, [
    `${paint.bold(code)}  ${paint.dim(`(${entry.from})`)}`,
    ...wrapped(entry.means, width),
    ...wrapped(`What to do: ${entry.advice}`, width),
  ]);
}

function listCodes(json: boolean, io: CommandIo): void {
  if (json) {
    printJson(
      io,
      [...errorCodes].map(([code, entry]) => ({ code, ...entry })),
    );
    return;
  }
  const rows = [...errorCodes].map(([code, { from }]) => [code, from]);
  const columns = [
    { title: 'code', align: 'left' },
    { title: 'from', align: 'left' },
  ] as const;
  printLines(io, tableLines(columns, rows, paintFor(io.stdout, io.environment).dim));
}

/** A text in lines of at most `width`, broken at spaces. */
function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
