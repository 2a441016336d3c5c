import type { MessageId, Random } from '@quorate/core';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/**
 * The ids that a sender gives to its messages: a name that no other has, by 96 random bits, and a count. Every engine keeps them with
 * the messages, so they are as short as their letters allow. 64 in a row differ in their last letter alone: what they have in common
 * is made once, and an engine may keep it once.
 *
 * Each sender draws a name of its own, so that threads, processes and restarts need not know of each other: that any two of a billion
 * have the same is less likely than 1 in 10^11. Only a machine that is copied while it runs takes its senders' names and counts along.
 */
export class SenderIds {
  readonly #name: string;
  #common = '';
  #count = 0;

  constructor(random: Random) {
    this.#name = nameOf(random.bytes(12));
  }

  next(): MessageId {
    const index = this.#count % letters.length;
    if (index === 0) this.#common = `${this.#name}-${(this.#count / letters.length).toString(36)}`;
    this.#count++;
    return `${this.#common}${letters[index]}` as MessageId;
  }
}

/** Bytes as letters of six bits each. */
function nameOf(bytes: Uint8Array): string {
  let name = '';
  let bits = 0;
  for (const [index, byte] of bytes.entries()) {
    bits = bits * 256 + byte;
    if (index % 3 < 2) continue;
    for (let shift = 18; shift >= 0; shift -= 6) name += letters[(bits >> shift) & 63];
    bits = 0;
  }
  return name;
}
