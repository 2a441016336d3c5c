import { RefusedRequest } from '@quorate/core';
import { checkDelta, type Delta } from '../int64.ts';

/** An addition as it is asked for. */
export interface CounterRequest {
  readonly delta: Delta;
  /** Names this addition: a repeated request with it is answered as the first one. */
  readonly token: string | undefined;
  /** How long the counter lives, where this addition makes it. */
  readonly expiresMs: number | undefined;
}

/** Limits of what is taken. */
export interface RequestLimits {
  readonly bodyMaxBytes: number;
  readonly ttlMinMs: number;
  readonly ttlMaxMs: number;
}

/**
 * Reads an addition. The counter's end is given by `expiresInMs` from now, or by `expiresAt` in milliseconds since 1970 by the
 * server's clock, or by neither.
 *
 * @throws RefusedRequest
 */
export function readCounterRequest(
  body: Record<string, unknown>,
  header: string | null,
  { ttlMinMs, ttlMaxMs }: RequestLimits,
  wallMs: number,
): CounterRequest {
  const { expiresInMs, expiresAt, token = header ?? undefined } = body;
  if (expiresInMs !== undefined && expiresAt !== undefined)
    throw new RefusedRequest(400, 'Body must have at most one of expiresInMs and expiresAt');
  const expiresMs = typeof expiresAt === 'number' ? expiresAt - wallMs : (expiresInMs ?? expiresAt);
  if (expiresMs !== undefined) {
    if (typeof expiresMs !== 'number' || !(expiresMs >= ttlMinMs && expiresMs <= ttlMaxMs))
      throw new RefusedRequest(400, `Counter must expire between ${ttlMinMs} and ${ttlMaxMs} ms from now`);
  }
  if (token !== undefined && typeof token !== 'string')
    throw new RefusedRequest(400, 'Field token must be a string');
  return {
    delta: readDelta(body['delta']),
    token,
    expiresMs: expiresMs === undefined ? undefined : Math.ceil(expiresMs),
  };
}

function readDelta(delta: unknown = 1): Delta {
  const isDigits = typeof delta === 'string' && /^-?\d{1,19}$/.test(delta);
  if (!isDigits && typeof delta !== 'number')
    throw new RefusedRequest(400, 'Field delta must be an integer, or one in decimal digits');
  const exact = isDigits ? BigInt(delta) : (delta as number);
  checkDelta(exact);
  return exact;
}
