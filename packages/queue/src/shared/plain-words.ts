/*
 * Plain reads and writes of words that threads share. An engine calls a function for each of `Atomics`, which takes longer than all
 * the rest of a message. A plain read may be old, and orders nothing; so what it says is only acted on by an atomic operation
 * that fails where it is wrong, or is asked again with `Atomics` before a thread goes to sleep on it.
 */

export function peek(words: Int32Array, index: number): number {
  return words[index] as number;
}

/** For what others read only once they have seen an atomic operation that comes later. */
export function poke(words: Int32Array, index: number, value: number): void {
  words[index] = value;
}
