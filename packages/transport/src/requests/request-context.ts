import type { Clock, GroupId, NodeId, Outcome, Transport } from '@quorate/core';
import { QuorateError } from '@quorate/core';
import type { CallQueue } from './call-queue.ts';
import type { ByteStream } from './byte-stream.ts';
import type { Call } from './incoming-call.ts';
import type { RequestLimits } from './limits.ts';
import type { FrameEncoder, Method } from './request-frame.ts';

/** Answers a request: with bytes, with nothing, or by throwing. */
export type RequestHandler = (
  call: Call,
) => Uint8Array | undefined | Promise<Uint8Array | undefined> | void | Promise<void>;

/** Serves a stream, whose head is what the opener sent first. When it settles, the stream ends. */
export type StreamHandler = (stream: ByteStream, head: Uint8Array) => void | Promise<void>;

export type Registration =
  | { readonly type: 'request'; readonly handler: RequestHandler }
  | { readonly type: 'stream'; readonly handler: StreamHandler };

/** What all connections of one {@link createRequests} share. */
export interface RequestContext {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly group: GroupId;
  readonly limits: RequestLimits;
  /** Tells this asker from an earlier one of the same name. */
  readonly session: number;
  readonly encoder: FrameEncoder;
  readonly methods: Map<Method, Registration>;
  readonly calls: CallQueue;
  readonly counts: { nextId: number; outstanding: number; streams: number };
  /** Once it is disposed of. */
  closed: QuorateError | undefined;
}

/** Nothing was sent. */
export function unavailable(peer: NodeId): QuorateError {
  return new QuorateError('UNAVAILABLE', `There is no connection to "${peer}"`, {
    outcome: 'not-applied',
    retryable: true,
  });
}

/** The connection broke after something was sent. */
export function connectionLost(peer: NodeId, cause: unknown): QuorateError {
  return new QuorateError('CONNECTION_LOST', `The connection to "${peer}" ended before the answer came`, {
    outcome: 'unknown',
    retryable: true,
    cause,
  });
}

export function aborted(message: string, outcome: Outcome, cause?: unknown): QuorateError {
  return new QuorateError('ABORTED', message, { outcome, cause });
}
