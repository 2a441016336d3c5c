import { jsonBytes, jsonValue } from '../tasks/json-bytes.ts';

/** How bodies become bytes. All who send to and consume from a queue must agree. */
export interface Codec {
  /** The bytes are read again until the send has settled, and must not be written to before. @throws TypeError where it cannot be written */
  encode(body: unknown): Uint8Array;
  /** Whatever it throws makes the message a dead letter. */
  decode(bytes: Uint8Array): unknown;
}

/** @throws TypeError */
export function checkCodec(codec: Codec): void {
  if (typeof codec?.encode === 'function' && typeof codec.decode === 'function') return;
  throw new TypeError(`Codec must have methods "encode" and "decode": received ${typeof codec}`);
}

/** JSON in UTF-8. Short bodies lie side by side in arrays of 4 KiB. */
export const jsonCodec: Codec = { encode: encodeJson, decode: jsonValue };

/**
 * Bodies that are byte arrays already. They are not copied at the call: as with `socket.write` of Node.js, whoever fills an array again
 * waits until the send has settled, or sends other bytes. What a handler is given has memory of its own, which it may transfer.
 */
export const bytesCodec: Codec = {
  encode(body) {
    if (body instanceof Uint8Array) return body;
    throw new TypeError(`Body of a message must be a Uint8Array: received ${String(body)}`);
  },
  // A body that shares its memory with others of its lease would take theirs along when its handler transfers it.
  decode: bytes => (bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)),
};

const encoder = new TextEncoder();

/** An array of its own takes longer to be made and freed than a short body takes to be written. */
const sharedBytes = 4096;
/** A text that may be longer has an array of its own. */
const shortMaxBytes = 1024;
let shared = new Uint8Array(sharedBytes);
let sharedFrom = 0;

/** @throws TypeError */
function encodeJson(body: unknown): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(body);
  } catch {
    // What is wrong with it is said there.
  }
  if (text === undefined) return jsonBytes('Body of a message', body);
  // A UTF-16 code unit has three bytes at most.
  const bytesMax = 3 * text.length;
  if (bytesMax > shortMaxBytes) return encoder.encode(text);
  if (sharedFrom + bytesMax > sharedBytes) {
    shared = new Uint8Array(sharedBytes);
    sharedFrom = 0;
  }
  const { written } = encoder.encodeInto(text, shared.subarray(sharedFrom));
  return shared.subarray(sharedFrom, (sharedFrom += written));
}
