/** The longest name of a lock, in UTF-8 bytes once it is encoded; leaves room for the rest of a key. */
export const lockNameMaxBytes = 900;

/** The kinds of locks: each has names of its own. */
export type LockKind = 'mutex' | 'rw' | 'semaphore' | 'election';

/**
 * The partition of a lock: one of its own, so that its order costs nobody else anything. Different names, kinds and prefixes have
 * different partitions.
 *
 * @throws TypeError, RangeError
 */
export function lockPartition(prefix: string, kind: LockKind | 'waits', name: string): string {
  checkName(name);
  // The characters that would end the segment, that no key may have, and the one that marks them.
  const encoded = name.replace(/[%/\0]/g, character => encodings[character] as string);
  const bytes = new TextEncoder().encode(encoded).length;
  if (bytes > lockNameMaxBytes)
    throw new RangeError(`Name of a lock must be at most ${lockNameMaxBytes} bytes: received ${bytes}`);
  return `${prefix}.${kind}.${encoded}`;
}

const encodings: Readonly<Record<string, string>> = { '%': '%25', '/': '%2F', '\0': '%00' };

/** @throws TypeError, RangeError */
export function checkName(name: string): void {
  if (typeof name !== 'string')
    throw new TypeError(`Name of a lock must be a string: received ${String(name)}`);
  if (/\p{Surrogate}/u.test(name))
    throw new RangeError(`Name of a lock must be well-formed Unicode: received ${JSON.stringify(name)}`);
}

/** @throws RangeError */
export function checkPrefix(prefix: string): void {
  if (/^[A-Za-z0-9_-]{1,40}$/.test(prefix)) return;
  throw new RangeError(
    `Prefix must be 1 to 40 letters, digits, "_" or "-": received ${JSON.stringify(prefix)}`,
  );
}
