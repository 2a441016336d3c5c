import { counterNameMaxBytes } from '../counter-name.ts';
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

/** A request that is answered with an error, by its status. */
export class RefusedRequest extends Error {
  readonly status: 400 | 404 | 405 | 413;

  constructor(status: RefusedRequest['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** The key in the last part of the path, or undefined where the path is another one. @throws RefusedRequest */
export function keyOf(url: string, path: string): string | undefined {
  const { pathname } = new URL(url);
  if (!pathname.startsWith(path)) return undefined;
  const encoded = pathname.slice(path.length);
  if (encoded.includes('/')) return undefined;
  let key: string;
  try {
    key = decodeURIComponent(encoded);
  } catch {
    throw new RefusedRequest(400, 'Key must be percent-encoded UTF-8');
  }
  if (key === '') throw new RefusedRequest(400, 'Key must not be empty');
  // Encoded it can be three times as long at most.
  if (new TextEncoder().encode(key).length > counterNameMaxBytes / 3)
    throw new RefusedRequest(400, `Key must be at most ${counterNameMaxBytes / 3} bytes of UTF-8`);
  return key;
}

/** A body as JSON; an empty one is an object without fields. @throws RefusedRequest */
export async function readBody(request: Request, bodyMaxBytes: number): Promise<Record<string, unknown>> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let size = 0;
  let body: unknown;
  try {
    let text = '';
    for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      // Leaving the loop cancels the rest.
      if (size > bodyMaxBytes) throw new RefusedRequest(413, `Body must be at most ${bodyMaxBytes} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
    text += decoder.decode();
    body = text === '' ? {} : JSON.parse(text);
  } catch (thrown) {
    if (thrown instanceof RefusedRequest) throw thrown;
    throw new RefusedRequest(400, 'Body must be JSON in UTF-8');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new RefusedRequest(400, 'Body must be a JSON object');
  return body as Record<string, unknown>;
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
