import { type NodeId, idLengthMax, nodeId } from '@quorate/core';

/**
 * What two nodes tell each other before messages flow.
 *
 * ```text
 * dialer                          acceptor
 *   | -- hello ---------------------> |   who I am, which cluster, what I take
 *   | <------------ welcome, refusal  |   the same of the other side, or why not
 *   | -- ready ---------------------> |   only now does the acceptor use the connection
 *   | <========= messages =========>  |
 * ```
 *
 * @module
 */

/** The version of the conversation, beside that of the frames. */
export const protocolVersion = 1;

/** The longest payload of a frame before the peer is known. */
export const helloMaxBytes = 4096;

const incarnationBytes = 16;
const fixedBytes = 12 + incarnationBytes;
const encoder = new TextEncoder();

/** The payload of `hello` and of `welcome`. */
export interface Hello {
  readonly protocol: number;
  /** The longest message that the sender of this takes and sends. It must be the same at both ends. */
  readonly messageMaxBytes: number;
  /** The sender of this gives the connection up when it has heard nothing for so long. */
  readonly silenceMs: number;
  /** 16 random bytes in hexadecimal, drawn when the node started: another life of a node is told from a second dial. */
  readonly incarnation: string;
  readonly cluster: string;
  readonly node: NodeId;
}

/** Why a connection is refused or closed, for the peer's eyes. */
export type RefusalReason =
  | 'PROTOCOL_VERSION'
  | 'WRONG_CLUSTER'
  | 'WRONG_NODE'
  | 'ITSELF'
  | 'UNKNOWN_PEER'
  | 'GUEST_LIMIT'
  | 'MESSAGE_LIMIT'
  | 'CERTIFICATE'
  | 'DUPLICATE'
  | 'CLOSING';

/** The payload of `refusal` and of `goodbye`. */
export interface Refusal {
  readonly reason: string;
  /** For people; with `DUPLICATE` in answer to a `hello`, the id of the node that refuses. */
  readonly message: string;
}

/** Encodes a {@link Hello}. */
export function encodeHello(hello: Hello): Uint8Array {
  const cluster = encoder.encode(hello.cluster);
  const node = encoder.encode(hello.node);
  const bytes = new Uint8Array(fixedBytes + 4 + cluster.length + node.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, hello.protocol, true);
  view.setUint32(4, hello.messageMaxBytes, true);
  view.setUint32(8, hello.silenceMs, true);
  for (let index = 0; index < incarnationBytes; index++) {
    bytes[12 + index] = Number.parseInt(hello.incarnation.slice(index * 2, index * 2 + 2), 16);
  }
  const nodeAt = putText(bytes, view, fixedBytes, cluster);
  putText(bytes, view, nodeAt, node);
  return bytes;
}

/** Decodes a {@link Hello}; `undefined` for bytes that are none. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length < fixedBytes + 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cluster = getText(bytes, view, fixedBytes);
  if (cluster === undefined) return undefined;
  const node = getText(bytes, view, cluster.end);
  if (node === undefined || node.end !== bytes.length) return undefined;
  if (node.text.length === 0 || node.text.length > idLengthMax) return undefined;
  let incarnation = '';
  for (const byte of bytes.subarray(12, fixedBytes)) incarnation += byte.toString(16).padStart(2, '0');
  return {
    protocol: view.getUint32(0, true),
    messageMaxBytes: view.getUint32(4, true),
    silenceMs: view.getUint32(8, true),
    incarnation,
    cluster: cluster.text,
    node: nodeId(node.text),
  };
}

/** Encodes a {@link Refusal}; a long message is cut. */
export function encodeRefusal({ reason, message }: Refusal): Uint8Array {
  const first = encoder.encode(reason);
  const second = encoder.encode(message.slice(0, 800));
  const bytes = new Uint8Array(4 + first.length + second.length);
  const view = new DataView(bytes.buffer);
  putText(bytes, view, putText(bytes, view, 0, first), second);
  return bytes;
}

/** Decodes a {@link Refusal}; `undefined` for bytes that are none. */
export function decodeRefusal(bytes: Uint8Array): Refusal | undefined {
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const reason = getText(bytes, view, 0);
  if (reason === undefined) return undefined;
  const message = getText(bytes, view, reason.end);
  if (message === undefined || message.end !== bytes.length) return undefined;
  return { reason: reason.text, message: message.text };
}

function putText(bytes: Uint8Array, view: DataView, at: number, text: Uint8Array): number {
  view.setUint16(at, text.length, true);
  bytes.set(text, at + 2);
  return at + 2 + text.length;
}

function getText(bytes: Uint8Array, view: DataView, at: number): { text: string; end: number } | undefined {
  if (at + 2 > bytes.length) return undefined;
  const end = at + 2 + view.getUint16(at, true);
  if (end > bytes.length) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      bytes.subarray(at + 2, end),
    );
    return { text, end };
  } catch {
    return undefined; // Not UTF-8.
  }
}
