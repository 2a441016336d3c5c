import type { ProgressStream } from './progress.ts';

/** What the command touches of the process it runs in. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly stdout: ProgressStream;
  readonly stderr: ProgressStream;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}
