import type { LinkedSignal } from '@quorate/core';

/**
 * The chunks of a source until the wait is over: one that stands still must not hold its reader up. The source is told to end
 * then, and not waited for.
 *
 * @throws QuorateError `ABORTED` or `DEADLINE_EXCEEDED`
 */
export async function* abortableChunks(
  chunks: AsyncIterable<Uint8Array>,
  wait: LinkedSignal,
): AsyncGenerator<Uint8Array, void> {
  const iterator = chunks[Symbol.asyncIterator]();
  let isDone = false;
  try {
    for (;;) {
      wait.throwIfAborted();
      const result = await nextOrAbort(iterator, wait.signal);
      isDone = result.done === true;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    if (!isDone) iterator.return?.().catch(() => undefined);
  }
}

function nextOrAbort(
  iterator: AsyncIterator<Uint8Array>,
  signal: AbortSignal,
): Promise<IteratorResult<Uint8Array>> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    iterator
      .next()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}
