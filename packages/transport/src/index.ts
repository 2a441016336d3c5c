/**
 * Peers that send each other messages: transports, frames and entries, requests and streams.
 *
 * @packageDocumentation
 */
export { createInProcessNetwork, type InProcessNetwork, type InProcessOptions } from './in-process.ts';
export { type AttachOptions, createPortTransport, type PortOptions, type PortTransport } from './port.ts';
