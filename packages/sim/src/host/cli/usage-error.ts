/** The command line asks for something that cannot be: the message is shown without a stack, and the exit code is 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
