/**
 * What a ring looks up: text, or bytes as they are.
 *
 * Text is hashed as its UTF-8 bytes, so `'é'` and `new Uint8Array([0xc3, 0xa9])` are the same key. A lone surrogate
 * becomes U+FFFD, exactly as `Buffer.from(text)` has it; two texts that differ only there are the same key.
 */
export type Key = string | Uint8Array;

/** The error for a key that is neither text nor bytes. */
export function badKey(key: unknown): TypeError {
  const received = key === null ? 'null' : typeof key;
  return new TypeError(`Key must be a string or a Uint8Array: received ${received}`);
}
