/** Everything went as asked. */
export const exitOk = 0;
/** The command was understood and failed: a file that cannot be read, bad content in it, no keys. */
export const exitFailure = 1;
/** The command line itself is wrong: an unknown option, a missing one, a value out of its range. */
export const exitUsage = 2;

/**
 * A failure whose message is written for the person at the terminal, who sees it without a stack.
 *
 * Anything else that is thrown is a defect of the command and is shown with its stack.
 */
export class CommandFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'CommandFailure';
    this.exitCode = options.exitCode ?? exitFailure;
  }
}

/** A failure of the command line, with exit code 2. */
export function usageFailure(message: string): CommandFailure {
  return new CommandFailure(message, { exitCode: exitUsage });
}

/** What a failed system call says to a person: the file, what it was for, and the system's code. */
export function fileFailure(what: string, file: string, cause: unknown): CommandFailure {
  const { code } = cause as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'permission denied',
    EISDIR: 'it is a folder',
    ENOTDIR: 'part of its path is not a folder',
    EROFS: 'the file system is read-only',
    ENOSPC: 'no space is left',
  };
  const reason = reasons[code ?? ''] ?? (cause as Error).message;
  return new CommandFailure(`${what} ${file}: ${reason}${code === undefined ? '' : ` (${code})`}`, { cause });
}
