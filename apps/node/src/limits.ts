/** What a node accepts. Every limit is named in the error that it causes. */
export interface Limits {
  /** The longest key in bytes of UTF-8. Percent-encoded threefold it still fits the 8 KiB of a request's head. */
  readonly keyBytesMax: number;
  /** The largest value in bytes. In base64, as nodes pass it on, it still fits a body. */
  readonly valueBytesMax: number;
  /** The largest request body in bytes, counted while it streams in. */
  readonly bodyBytesMax: number;
  /** The most operations in one batch. */
  readonly batchOperationsMax: number;
  /** The most bytes of values that a node answers one batch with: a batch may name one large value a thousand times. */
  readonly answerBytesMax: number;
  /** The most bytes of keys and values that one node holds, those it is handing over included. */
  readonly storeBytesMax: number;
  /** The most operations that a node works on at once; more are answered `OVERLOADED`. */
  readonly inFlightMax: number;
  /** How deep JSON may nest: `JSON.parse` of a megabyte of brackets blocks the event loop for a long time. */
  readonly jsonDepthMax: number;
}

export const defaultLimits: Limits = {
  keyBytesMax: 1024,
  valueBytesMax: 512 * 1024,
  bodyBytesMax: 1024 * 1024,
  batchOperationsMax: 1000,
  answerBytesMax: 8 * 1024 * 1024,
  storeBytesMax: 256 * 1024 * 1024,
  inFlightMax: 8192,
  jsonDepthMax: 32,
};
