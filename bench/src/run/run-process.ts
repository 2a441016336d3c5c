import { fork, type SerializationType } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ProcessOptions {
  /** A module that takes one message and answers with any number of them. */
  readonly script: URL;
  readonly request: object;
  readonly onMessage: (message: unknown) => void;
  /** For the process and all its threads. */
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly serialization?: SerializationType;
  readonly signal: AbortSignal;
  /** After this time the process is killed. */
  readonly deadlineMs: number;
}

/** How a process ended that was not aborted. */
export interface ProcessEnd {
  readonly code: number | null;
  /** It was killed at its deadline. */
  readonly late: boolean;
  /** The end of what it wrote, which is kept from our own output. */
  readonly output: string;
}

const outputCharactersMax = 4096;

/**
 * Runs a module in a process of its own, and leaves none behind: it is killed when the signal aborts and at the deadline, and
 * goes by itself when this process does. Flags that the environment gives to every Node are not handed on.
 *
 * @throws the signal's reason when it aborts; the process is gone by then
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { signal, deadlineMs, flags = [] } = options;
  signal.throwIfAborted();
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = fork(fileURLToPath(options.script), {
    execArgv: ['--disable-warning=ExperimentalWarning', ...flags],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...environment, ...options.environment },
    serialization: options.serialization ?? 'json',
  });
  let output = '';
  const collect = (text: Buffer): void => {
    output = (output + text.toString()).slice(-outputCharactersMax);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const kill = (): void => void child.kill('SIGKILL');
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    kill();
  }, deadlineMs);
  signal.addEventListener('abort', kill, { once: true });
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('message', options.onMessage);
      child.once('error', reject);
      child.once('close', resolve);
      child.send(options.request);
    });
    signal.throwIfAborted();
    return { code, late, output };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}
