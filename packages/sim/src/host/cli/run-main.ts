import type { CommandContext } from './command-context.ts';

const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs a command as this process: its arguments, its streams, its exit code. The first signal lets it end in order and say what
 * it knows, a second ends it at once. A reader who closes our output early is no error.
 *
 * @param failed the exit code where it throws
 */
export async function runMain(
  command: (context: CommandContext) => Promise<number>,
  failed: number,
): Promise<void> {
  const interrupted = new AbortController();
  for (const [name, exitCode] of Object.entries(signalCodes)) {
    process.on(name, () => {
      // Worker processes go when this one does.
      if (interrupted.signal.aborted) process.exit(exitCode);
      interrupted.abort();
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  try {
    process.exitCode = await command({
      args: process.argv.slice(2),
      stdout: process.stdout,
      stderr: process.stderr,
      signal: interrupted.signal,
    });
  } catch (error) {
    process.exitCode = failed;
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  }
}
