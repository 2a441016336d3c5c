import { seededRandom } from '@quorate/core';

/** A message of which one can tell whether it is one: number of the attempt, number in it, and bytes that follow from both. */
export function fuzzMessage(attempt: number, index: number): Uint8Array {
  const random = seededRandom(`${attempt}:${index}`);
  const body = random.bytes(random.below(8) === 0 ? random.below(30_000) : random.below(200));
  const message = new Uint8Array(8 + body.length);
  new DataView(message.buffer).setUint32(0, attempt);
  new DataView(message.buffer).setUint32(4, index);
  message.set(body, 8);
  return message;
}

/** Which message it is; `undefined` when it is none. */
export function checkFuzzMessage(message: Uint8Array): { attempt: number; index: number } | undefined {
  if (message.length < 8) return undefined;
  const view = new DataView(message.buffer, message.byteOffset);
  const [attempt, index] = [view.getUint32(0), view.getUint32(4)];
  return Buffer.compare(message, fuzzMessage(attempt, index)) === 0 ? { attempt, index } : undefined;
}
