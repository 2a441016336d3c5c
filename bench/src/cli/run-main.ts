import { exitCodes } from './exit-codes.ts';
import type { CommandContext } from './run-bench.ts';

const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs a command as this process: its arguments, its streams, its exit code. A signal aborts it and lets it clean up, and so
 * does an error that nobody caught. A reader who closes our output early is no error.
 *
 * @param failed the exit code where it throws
 */
export async function runMain(
  command: (context: CommandContext) => Promise<number>,
  failed: number = exitCodes.failed,
): Promise<void> {
  const interrupted = new AbortController();
  let code: number | undefined;
  let isBroken = false;
  for (const [name, exitCode] of Object.entries(signalCodes)) {
    process.on(name, () => {
      code ??= exitCode;
      interrupted.abort();
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.on('uncaughtException', error => {
    isBroken = true;
    process.exitCode = failed;
    process.stderr.write(`${textOf(error)}\n`);
    interrupted.abort();
  });
  try {
    process.exitCode = await command({
      args: process.argv.slice(2),
      environment: process.env,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: interrupted.signal,
    });
  } catch (error) {
    process.exitCode = failed;
    if (!interrupted.signal.aborted) process.stderr.write(`${textOf(error)}\n`);
  }
  if (isBroken) process.exitCode = failed;
  else if (code !== undefined) {
    process.stderr.write('Interrupted\n');
    process.exitCode = code;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
