/**
 * Peers that send each other messages: transports, frames and entries, requests and streams.
 *
 * @packageDocumentation
 */
export {
  type DecodeOptions,
  decodeEntries,
  type EncodeOptions,
  encodeEntries,
  type EntryBatch,
  type EntryBatchFault,
  entryBatchBytes,
} from './entry-codec.ts';
export { FrameKind, frameHeaderBytes, framePayloadMaxBytes, frameVersion, writeFrame } from './frame.ts';
export { FrameDecoder, type FrameFault, type FrameVerdict } from './frame-decoder.ts';
export { createInProcessNetwork, type InProcessNetwork, type InProcessOptions } from './in-process.ts';
export { type AttachOptions, createPortTransport, type PortOptions, type PortTransport } from './port.ts';
export type { ByteStream } from './requests/byte-stream.ts';
export type { Call } from './requests/incoming-call.ts';
export type { RequestLimits } from './requests/limits.ts';
export type { RequestHandler, StreamHandler } from './requests/request-context.ts';
export type { Method } from './requests/request-frame.ts';
export { createRequests, type Requests, type RequestsOptions } from './requests/requests.ts';
