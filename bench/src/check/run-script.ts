import { runProcess } from '../run/run-process.ts';
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

/**
 * Runs a script in a process of its own, for code that may do anything while it is loaded: end the process, never end.
 *
 * @throws the signal's reason when it aborts; the process is gone by then
 */
export async function runScript<Message>(options: ScriptOptions<Message>): Promise<ScriptEnd> {
  const { script, request, onMessage, variant, signal, deadlineMs } = options;
  const { code, late, output } = await runProcess({
    script,
    request: request as object,
    onMessage: message => onMessage(message as Message),
    serialization: 'advanced',
    signal,
    deadlineMs,
    ...(variant === undefined ? {} : { flags: variant.flags, environment: variant.environment }),
  });
  if (late) return { fault: `it did not end within ${deadlineMs} ms` };
  return { fault: code === 0 ? undefined : `its process ended with ${code}\n${output}`.trim() };
}
