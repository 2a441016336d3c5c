import type { Message } from './message.ts';

interface Waiting<Body> {
  readonly message: Message<Body>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gives messages to a handler several at a time: those whose handlers start in one turn, up to `countMax`. What it throws is the
 * failure of each of them that did not end by itself before.
 */
export function batchUse<Body>(
  countMax: number,
  handle: (messages: readonly Message<Body>[]) => unknown,
): (message: Message<Body>) => Promise<void> {
  let waiting: Waiting<Body>[] = [];
  const flush = async (): Promise<void> => {
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      await handle(batch.map(({ message }) => message));
      for (const { resolve } of batch) resolve();
    } catch (thrown) {
      for (const { reject } of batch) reject(thrown);
    }
  };
  return message =>
    new Promise((resolve, reject) => {
      waiting.push({ message, resolve, reject });
      if (waiting.length === countMax) void flush();
      else if (waiting.length === 1) queueMicrotask(() => void flush());
    });
}
