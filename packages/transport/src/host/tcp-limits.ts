import type { BackoffLimits } from '../backoff.ts';
import { frameHeaderBytes, framePayloadMaxBytes } from '../frame.ts';
import { checkInteger } from '../transport-state.ts';

/** What a TCP transport allows itself and its peers. All have defaults. */
export interface TcpLimits {
  /**
   * The longest message that is sent or taken. Default 16 MiB. Nodes with different limits refuse each other: what one of
   * them may send, the other could not take.
   */
  readonly messageMaxBytes?: number | undefined;
  /** What may wait for one peer, 20 bytes for each message included, before `send` says `full`. Default 64 MiB. */
  readonly queueMaxBytes?: number | undefined;
  /** A connection says something at least this often. Default 1000. A third of the peer's `silenceMs` if that is less. */
  readonly heartbeatMs?: number | undefined;
  /** A connection from which nothing was heard for so long is over. Default 5000; at least twice `heartbeatMs`, and 15. */
  readonly silenceMs?: number | undefined;
  /** A peer that takes no part of what is written to it for so long loses its connection. Default 10 000. */
  readonly stallMs?: number | undefined;
  /** How long an attempt to connect may take, up to the hello. Default 5000. */
  readonly connectMs?: number | undefined;
  /** How long a connection may take for TLS, and then to say who it is. Default 5000 for each. */
  readonly helloMs?: number | undefined;
  /**
   * How many connections may be at TLS, how many may be undecided, and how many may be hearing why they are refused; one
   * more costs the oldest of its kind its place. Default 64 for each.
   */
  readonly unauthenticatedMax?: number | undefined;
  /**
   * How many guests there may be: one more is refused, whoever `admit` lets in. Default 256. Whom this node meets counts, and is
   * never refused.
   */
  readonly guestsMax?: number | undefined;
  /** How long disposing waits for what was sent to leave. Default 1000. */
  readonly closeMs?: number | undefined;
  /** Default 50. The shortest wait before another attempt to connect. */
  readonly backoffMinMs?: number | undefined;
  /** Default 5000. The longest wait before another attempt to connect. */
  readonly backoffMaxMs?: number | undefined;
}

/** {@link TcpLimits} with nothing left open. */
export interface CheckedLimits {
  readonly messageMaxBytes: number;
  readonly queueMaxBytes: number;
  readonly heartbeatMs: number;
  readonly silenceMs: number;
  readonly stallMs: number;
  readonly connectMs: number;
  readonly helloMs: number;
  readonly unauthenticatedMax: number;
  readonly guestsMax: number;
  readonly closeMs: number;
  readonly backoff: BackoffLimits;
}

const durationMaxMs = 0x7fff_ffff;
/** The shortest interval between heartbeats that a peer can ask for. */
export const beatMinMs = 5;
/** A node speaks three times within what its peer takes for silence. */
export const beatsPerSilence = 3;

/** Fills in defaults. @throws RangeError naming the limit that is none */
export function checkLimits(limits: TcpLimits): CheckedLimits {
  const { messageMaxBytes = 0x100_0000, heartbeatMs = 1000, backoffMinMs = 50 } = limits;
  const duration = (what: string, value: number, min: number): number =>
    checkInteger(`${what} in ms`, value, min, durationMaxMs);
  checkInteger('Longest message in bytes', messageMaxBytes, 1, framePayloadMaxBytes);
  duration('Heartbeat interval', heartbeatMs, 1);
  duration('Shortest backoff', backoffMinMs, 1);
  const least = messageMaxBytes + frameHeaderBytes;
  const queueMaxBytes = limits.queueMaxBytes ?? Math.max(0x400_0000, least);
  return {
    messageMaxBytes,
    heartbeatMs,
    queueMaxBytes: checkInteger('Queue limit in bytes', queueMaxBytes, least, Number.MAX_SAFE_INTEGER),
    silenceMs: duration(
      'Silence limit',
      limits.silenceMs ?? Math.max(5000, heartbeatMs * 5),
      Math.max(heartbeatMs * 2, beatMinMs * beatsPerSilence),
    ),
    stallMs: duration('Stall limit', limits.stallMs ?? 10_000, 1),
    connectMs: duration('Connect limit', limits.connectMs ?? 5000, 1),
    helloMs: duration('Hello limit', limits.helloMs ?? 5000, 1),
    unauthenticatedMax: checkInteger(
      'Most undecided connections',
      limits.unauthenticatedMax ?? 64,
      1,
      1_000_000,
    ),
    guestsMax: checkInteger('Most guests', limits.guestsMax ?? 256, 0, 1_000_000),
    closeMs: duration('Close limit', limits.closeMs ?? 1000, 0),
    backoff: {
      minMs: backoffMinMs,
      maxMs: duration('Longest backoff', limits.backoffMaxMs ?? Math.max(5000, backoffMinMs), backoffMinMs),
    },
  };
}
