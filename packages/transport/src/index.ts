/**
 * Peers that send each other messages: transports, frames and entries, requests and streams.
 *
 * @packageDocumentation
 */
export { createInProcessNetwork, type InProcessNetwork, type InProcessOptions } from './in-process.ts';
export { type AttachOptions, createPortTransport, type PortOptions, type PortTransport } from './port.ts';
export type { ByteStream } from './requests/byte-stream.ts';
export type { Call } from './requests/incoming-call.ts';
export type { RequestLimits } from './requests/limits.ts';
export type { RequestHandler, StreamHandler } from './requests/request-context.ts';
export type { Method } from './requests/request-frame.ts';
export { createRequests, type Requests, type RequestsOptions } from './requests/requests.ts';
