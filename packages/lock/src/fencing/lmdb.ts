import { checkFence, checkResource, type FencedWrite } from './fenced-write.ts';

/** A database of `lmdb` that takes strings as values: of the same environment as what is written. */
export interface LmdbFences {
  transactionSync<Result>(action: () => Result): Result;
  get(key: string): string | undefined;
  put(key: string, value: string): unknown;
}

/**
 * Runs `write` in a write transaction, unless a newer fence has been seen for the resource. Whatever `write` changes in the same
 * environment is committed with the fence, or, where it throws, not at all.
 *
 * It is synchronous, since the transaction holds the only write lock of all processes: what `write` does after an `await` is not
 * part of it, and not fenced.
 *
 * @throws TypeError, RangeError; what `write` throws
 */
export function fencedLmdbWrite<Result>(
  fences: LmdbFences,
  resource: string,
  fence: bigint,
  write: () => Result,
): FencedWrite<Result> {
  checkFence(fence);
  checkResource(resource);
  return fences.transactionSync((): FencedWrite<Result> => {
    const seen = fences.get(resource);
    const newest = seen === undefined ? 0n : BigInt(seen);
    if (newest > fence) return { outcome: 'stale', newest };
    void fences.put(resource, `${fence}`);
    return { outcome: 'written', result: write() };
  });
}
