import { createHash } from 'node:crypto';

export const flippedQueue = 'flipped/jobs';

/** What stands in a message of this number: no text but its own begins so. */
export function flippedText(number: string): string {
  const line = createHash('sha256').update(number).digest('hex');
  return line.repeat(8);
}
