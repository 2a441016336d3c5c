/** Scrambles 32 bits: MurmurHash3's finalizer (Appleby), under which no two words become one. */
export function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * Words that look random and are always the same.
 *
 * Kernels that must not depend on what they are to judge take their input from here, not from a package.
 */
export function mixedWords(count: number, seed: number): Uint32Array {
  const words = new Uint32Array(count);
  for (let index = 0; index < count; index++) words[index] = mix(index + Math.imul(seed, 0x9e37_79b1));
  return words;
}
