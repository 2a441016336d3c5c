import type { CommandContext } from './run-bench.ts';

const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * Runs a command as this process: its arguments, its streams, its exit code. A signal aborts it and lets it clean up.
 *
 * @param failed the exit code where it throws
 */
export async function runMain(
  command: (context: CommandContext) => Promise<number>,
  failed = 1,
): Promise<void> {
  const interrupted = new AbortController();
  let code: number | undefined;
  for (const [name, exitCode] of Object.entries(signalCodes)) {
    process.on(name, () => {
      code ??= exitCode;
      interrupted.abort();
    });
  }
  try {
    process.exitCode = await command({
      args: process.argv.slice(2),
      environment: process.env,
      stdout: process.stdout,
      stderr: process.stderr,
      signal: interrupted.signal,
    });
  } catch (error) {
    if (!interrupted.signal.aborted) {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = failed;
    }
  }
  if (code !== undefined) {
    process.stderr.write('Interrupted\n');
    process.exitCode = code;
  }
}
