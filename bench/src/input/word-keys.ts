import { createRequire } from 'node:module';
import type { Random } from '@quorate/core';

/** What comes first in keys that programs make: it gives the keys the shared prefixes that real ones have. */
const kinds = ['user', 'session', 'cart', 'order', 'page', 'image', 'thread', 'token'] as const;

/** Length of a key in bytes; the words are plain a to z, so characters and bytes are the same. */
export const wordKeyLength: { readonly least: number; readonly most: number } = { least: 16, most: 40 };

/** The most keys that {@link wordKeys} makes: the KeySet of so many is some 30 MB. */
export const wordKeysMax: number = 1_000_000;

/**
 * `count` different keys of 16 to 40 bytes such as `user:grouse:lantern`, from the English word list
 * `an-array-of-english-words` (MIT).
 *
 * @throws RangeError unless `count` is an integer from 1 to 1,000,000
 */
export function wordKeys(count: number, random: Random): string[] {
  if (!Number.isInteger(count) || count < 1 || count > wordKeysMax) {
    throw new RangeError(`Key count must be an integer from 1 to ${wordKeysMax}: received ${count}`);
  }
  const words = createRequire(import.meta.url)('an-array-of-english-words') as readonly string[];
  const keys = new Set<string>();
  while (keys.size < count) {
    const parts: string[] = [pick(kinds, random), pick(words, random), pick(words, random)];
    let key = parts.join(':');
    while (key.length < wordKeyLength.least) key += `:${pick(words, random)}`;
    if (key.length <= wordKeyLength.most) keys.add(key);
  }
  return [...keys];
}

function pick(list: readonly string[], random: Random): string {
  return list[random.below(list.length)] as string;
}
