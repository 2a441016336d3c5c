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
  if (typeof value === 'string') {
    hash.word(1);
    hash.text(value);
  } else if (typeof value === 'number') {
    float[0] = value;
    hash.word(2);
    hash.pair(floatWords[0] as number, floatWords[1] as number);
  } else if (typeof value === 'boolean') {
    hash.word(value ? 4 : 3);
  } else if (typeof value === 'bigint') {
    hash.word(5);
    hash.text(value.toString(36));
  } else if (typeof value === 'object' && value !== null) {
    hashObject(hash, value, depth);
  } else {
    hash.word(6);
    hash.text(value === null ? 'null' : typeof value);
  }
}

function hashObject(hash: TraceHash, value: object, depth: number): void {
  if (ArrayBuffer.isView(value)) {
    hash.pair(8, value.byteLength);
    hash.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hash.word(9);
    for (let index = 0; index < value.length; index++) hashValue(hash, value[index], depth + 1);
  } else if (value instanceof Set) {
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
