import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A fresh secret of 256 bits that fits a header and a URL fragment. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * A check for one bearer token.
 *
 * Digests are compared rather than the tokens, so that neither the length nor the position of the first wrong byte can be
 * told from how long the answer takes.
 */
export function tokenCheck(token: string): (incoming: IncomingMessage) => boolean {
  if (token.length < 16)
    throw new RangeError(`Token must have at least 16 characters: received ${token.length}`);
  const expected = digest(token);
  return incoming => {
    const { authorization } = incoming.headers;
    if (authorization === undefined || !authorization.startsWith('Bearer ')) return false;
    return timingSafeEqual(digest(authorization.slice('Bearer '.length)), expected);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
