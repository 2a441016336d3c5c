import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { VariantOptions } from './variant.ts';

export interface ScriptOptions<Message> {
  /** A module of this folder that takes one message and answers with any number of them. */
  readonly script: URL;
  /** The message; it is cloned. */
  readonly request: unknown;
  readonly onMessage: (message: Message) => void;
  readonly variant?: VariantOptions;
  readonly signal: AbortSignal;
  /** After this time the process is killed. */
  readonly deadlineMs: number;
}

/** How a script ended. */
export interface ScriptEnd {
  /** Why there can be messages that never came; undefined after an orderly end. */
  readonly fault: string | undefined;
}

const outputCharactersMax = 2000;

/**
 * Runs a script in a process of its own, for code that may do anything while it is loaded: end the process, never end.
 *
 * @throws the signal's reason when it aborts; the process is gone by then
 */
export async function runScript<Message>(options: ScriptOptions<Message>): Promise<ScriptEnd> {
  const { signal, deadlineMs } = options;
  signal.throwIfAborted();
  const { NODE_OPTIONS: _, ...environment } = process.env;
  const child = fork(fileURLToPath(options.script), {
    execArgv: ['--disable-warning=ExperimentalWarning', ...(options.variant?.flags ?? [])],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...environment, ...options.variant?.environment },
    serialization: 'advanced',
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
      child.on('message', message => options.onMessage(message as Message));
      child.once('error', reject);
      child.once('close', resolve);
      child.send(options.request as object);
    });
    signal.throwIfAborted();
    if (late) return { fault: `it did not end within ${deadlineMs} ms` };
    return { fault: code === 0 ? undefined : `its process ended with ${code}\n${output}`.trim() };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}
