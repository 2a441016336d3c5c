import type { LogEntry } from './journal.ts';

/** A copy of an entry: nobody who holds the payload can change what is stored. */
export function ownedLogEntry({ index, term, kind, payload }: LogEntry): LogEntry {
  return { index, term, kind, payload: new Uint8Array(payload) };
}

/** Copies of all chunks of a snapshot; of those that came so far, once the signal has aborted. */
export async function ownedChunks(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[]> {
  const copies: Uint8Array[] = [];
  for await (const chunk of chunks) {
    if (signal?.aborted) break;
    copies.push(new Uint8Array(chunk));
  }
  return copies;
}
