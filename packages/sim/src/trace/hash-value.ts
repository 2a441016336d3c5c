import type { TraceHash } from './trace-hash.ts';

const DEPTH_MAX = 32;
const float = new Float64Array(1);
const floatWords = new Int32Array(float.buffer);

/**
 * Takes any value into a hash by what it holds, in the order in which it holds it. Functions and symbols count by their kind
 * alone, what lies deeper than 32 levels not at all: then it was a cycle.
 */
export function hashValue(hash: TraceHash, value: unknown, depth: number = 0): void {
  if (depth > DEPTH_MAX) return;
  switch (typeof value) {
    case 'string':
      hash.word(1);
      hash.text(value);
      return;
    case 'number':
      hash.word(2);
      float[0] = value;
      hash.word(floatWords[0] as number);
      hash.word(floatWords[1] as number);
      return;
    case 'boolean':
      hash.word(value ? 4 : 3);
      return;
    case 'bigint':
      hash.word(5);
      hash.text(value.toString(36));
      return;
    case 'object':
      if (value === null) hash.word(6);
      else hashObject(hash, value, depth);
      return;
    default:
      hash.word(7);
      hash.text(typeof value);
  }
}

function hashObject(hash: TraceHash, value: object, depth: number): void {
  if (ArrayBuffer.isView(value)) {
    hash.word(8);
    hash.word(value.byteLength);
    hash.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value) || value instanceof Set) {
    hash.word(9);
    for (const item of value) hashValue(hash, item, depth + 1);
  } else if (value instanceof Map) {
    hash.word(10);
    for (const [key, item] of value) {
      hashValue(hash, key, depth + 1);
      hashValue(hash, item, depth + 1);
    }
  } else if (value instanceof Error) {
    hash.word(11);
    hash.text(`${value.name}: ${value.message}`);
  } else {
    hash.word(12);
    for (const key in value) {
      hash.text(key);
      hashValue(hash, (value as Record<string, unknown>)[key], depth + 1);
    }
  }
  hash.word(13);
}
