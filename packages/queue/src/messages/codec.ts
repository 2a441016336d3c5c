import { jsonBytes, jsonValue } from '../tasks/json-bytes.ts';

/** How bodies become bytes. All who send to and consume from a queue must agree. */
export interface Codec {
  /** @throws TypeError where it cannot be written */
  encode(body: unknown): Uint8Array;
  /** Whatever it throws makes the message a dead letter. */
  decode(bytes: Uint8Array): unknown;
}

/** JSON in UTF-8. */
export const jsonCodec: Codec = {
  encode: body => jsonBytes('Body of a message', body),
  decode: jsonValue,
};

/** Bodies that are byte arrays already. */
export const bytesCodec: Codec = {
  encode(body) {
    if (body instanceof Uint8Array) return body;
    throw new TypeError(`Body of a message must be a Uint8Array: received ${String(body)}`);
  },
  decode: bytes => bytes,
};
