import { type NodeId, errorCode } from '@quorate/core';

/** How a transport is, for people: shapes may grow. */
export interface TcpStatus {
  readonly self: NodeId;
  readonly listening: string | undefined;
  readonly authenticated: boolean;
  /** Incoming connections that have not said who they are. */
  readonly undecidedCount: number;
  /** Incoming connections that were refused or dropped. */
  readonly refusedCount: number;
  readonly lastRefusal: StatusError | undefined;
  readonly peers: readonly PeerStatus[];
}

/** How it is with one peer. */
export interface PeerStatus {
  readonly id: NodeId;
  readonly address: string | undefined;
  readonly state: 'connected' | 'dialing' | 'waiting';
  /** Who dialed the connection that is up. */
  readonly dialer: NodeId | undefined;
  readonly queuedBytes: number;
  /** Connections after the first. */
  readonly reconnectCount: number;
  /** Attempts to connect that failed. */
  readonly failureCount: number;
  /** Why a connection ended last, or could not be made. */
  readonly lastError: StatusError | undefined;
}

/** What went wrong, and when. */
export interface StatusError {
  readonly code: string;
  readonly message: string;
  readonly wallMs: number;
}

/** Puts a cause into words. */
export function statusOf(
  error: { readonly cause: unknown; readonly wallMs: number } | undefined,
): StatusError | undefined {
  if (error === undefined) return undefined;
  const { cause, wallMs } = error;
  const message = cause instanceof Error ? cause.message : String(cause);
  return { code: errorCode(cause) ?? 'UNKNOWN', message, wallMs };
}
