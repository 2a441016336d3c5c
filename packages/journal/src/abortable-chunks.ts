import { untilAborted } from './until-aborted.ts';

/**
 * The chunks of a source until the signal aborts: one that stands still must not hold its reader up. The source is told to end
 * then, and not waited for.
 *
 * @throws the signal's reason
 */
export async function* abortableChunks(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const iterator = chunks[Symbol.asyncIterator]();
  let isDone = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      const result = await untilAborted(iterator.next(), signal);
      isDone = result.done === true;
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    if (!isDone) iterator.return?.().catch(() => undefined);
  }
}
