import type { Applied, BatchResult, Enqueued, Entry, Refused, Unknown } from './store.ts';

/** A copy that the receiver may keep and change, of an entry that its partition holds and never changes. */
export function ownedEntry(entry: Entry): Entry {
  return { ...entry, value: new Uint8Array(entry.value) };
}

/** The same for what a `put` or `delete` is answered. */
export function ownedWrite(result: Applied | Refused): Applied | Refused {
  if (result.outcome === 'applied') return { ...result, entry: ownedEntry(result.entry) };
  if (result.current === undefined) return result;
  return { ...result, current: ownedEntry(result.current) };
}

/** The same for what an `enqueue` is answered. */
export function ownedEnqueued({ self, head, predecessor }: Enqueued): Enqueued {
  const owned = { self: ownedEntry(self), head: ownedEntry(head) };
  return predecessor === undefined ? owned : { ...owned, predecessor: ownedEntry(predecessor) };
}

/** The same for what a `batch` is answered. */
export function ownedBatch(result: Exclude<BatchResult, Unknown>): Exclude<BatchResult, Unknown> {
  if (result.outcome !== 'not-applied' || result.current === undefined) return result;
  return { ...result, current: ownedEntry(result.current) };
}
