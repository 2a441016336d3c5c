import { Command, CommanderError } from 'commander';
import type { CommandIo } from './command-io.ts';
import { addAnalyze } from './commands/analyze.ts';
import { addDiff } from './commands/diff.ts';
import { addExplain } from './commands/explain.ts';
import { addLocate } from './commands/locate.ts';
import { addWorker } from './commands/worker.ts';
import { CommandFailure, exitOk, exitUsage } from './failure.ts';
import { exitCodesHelp, withExamples } from './help-text.ts';
import { paintFor } from './output/paint.ts';
import { printable } from './output/printable.ts';
import { packageVersion } from './package-version.ts';

/**
 * Runs the `quorate` command.
 *
 * @param args What follows the command's name
 * @returns The exit code: 0 done, 1 failed, 2 the command line is wrong
 * @throws Whatever is a defect; expected failures are printed to stderr
 */
export async function runQuorate(args: readonly string[], io: CommandIo): Promise<number> {
  try {
    await createProgram(io).parseAsync(args, { from: 'user' });
    return exitOk;
  } catch (error) {
    // Commander has printed its own message already; help and version are no failures.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitOk : exitUsage;
    if (!(error instanceof CommandFailure)) throw error;
    const label = paintFor(io.stderr, io.environment).red('error:');
    io.stderr.write(`${label} ${error.message.split('\n').map(printable).join('\n')}\n`);
    return error.exitCode;
  }
}

function createProgram(io: CommandIo): Command {
  const program = new Command('quorate')
    .description('Tools for consistent hashing and the rest of the Quorate toolbox.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .exitOverride()
    .configureOutput({
      writeOut: text => io.stdout.write(text),
      writeErr: text => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
    })
    .showHelpAfterError('(add --help for examples and options)');
  withExamples(program, [
    ['See how your own keys spread over your nodes', 'quorate ring analyze --nodes nodes.json < keys.txt'],
    ['Ask who owns a key', 'quorate ring locate --nodes nodes.json user:42'],
    ['Run the tasks of a module', 'quorate worker ./tasks.ts'],
    ['Read about an error code', 'quorate explain DEADLINE_EXCEEDED'],
  ]);
  program.addHelpText('after', exitCodesHelp);
  const ring = program.command('ring').description('consistent hashing: analyse, locate, compare');
  withExamples(ring, [
    ['Balance and movement of every algorithm', 'quorate ring analyze --nodes nodes.json < keys.txt'],
    ['The three owners of a key', 'quorate ring locate --nodes nodes.json --replicas 3 user:42'],
    ['What moves between two lists of nodes', 'quorate ring diff --from old.json --to new.json'],
  ]);
  addAnalyze(ring, io);
  addLocate(ring, io);
  addDiff(ring, io);
  addWorker(program, io);
  addExplain(program, io);
  return program;
}
