import { runBench } from './cli/run-bench.ts';

const interrupted = new AbortController();
const signalCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
let code: number | undefined;

for (const [name, exitCode] of Object.entries(signalCodes)) {
  process.on(name, () => {
    code ??= exitCode;
    interrupted.abort();
  });
}

try {
  const done = await runBench({
    args: process.argv.slice(2),
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: interrupted.signal,
  });
  process.exitCode = done;
} catch (error) {
  if (!interrupted.signal.aborted) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  }
}
if (code !== undefined) {
  process.stderr.write('Interrupted\n');
  process.exitCode = code;
}
