/** The longest name of a counter, in UTF-8 bytes once it is encoded; leaves room for the rest of a key. */
export const counterNameMaxBytes = 900;

/** What has names of its own. */
export type NameKind = 'count' | 'sequence' | 'ids' | `shard-${number}`;

/**
 * The partition of a counter: one of its own, so that its order costs nobody else anything, and operations on it are remembered
 * apart. Different names, kinds and prefixes have different partitions.
 *
 * @throws TypeError, RangeError
 */
export function counterPartition(prefix: string, kind: NameKind, name: string): string {
  if (typeof name !== 'string')
    throw new TypeError(`Name of a counter must be a string: received ${String(name)}`);
  if (/\p{Surrogate}/u.test(name))
    throw new RangeError(`Name of a counter must be well-formed Unicode: received ${JSON.stringify(name)}`);
  // The characters that would end the segment, that no key may have, and the one that marks them.
  const encoded = name.replace(/[%/\0]/g, character => encodings[character] as string);
  const bytes = new TextEncoder().encode(encoded).length;
  if (bytes > counterNameMaxBytes)
    throw new RangeError(`Name of a counter must be at most ${counterNameMaxBytes} bytes: received ${bytes}`);
  return `${prefix}.${kind}.${encoded}`;
}

const encodings: Readonly<Record<string, string>> = { '%': '%25', '/': '%2F', '\0': '%00' };

/** The key of a number in its partition. */
export function numberKey(partition: string): string {
  return `${partition}/n`;
}

/** @throws RangeError */
export function checkPrefix(prefix: string): void {
  if (/^[A-Za-z0-9_-]{1,40}$/.test(prefix)) return;
  throw new RangeError(
    `Prefix must be 1 to 40 letters, digits, "_" or "-": received ${JSON.stringify(prefix)}`,
  );
}
