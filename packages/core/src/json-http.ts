import { QuorateError } from './quorate-error.ts';

/** A request that is answered with an error, by its status. */
export class RefusedRequest extends Error {
  readonly status: 400 | 404 | 405 | 413;

  constructor(status: RefusedRequest['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The key in the last part of a request's path.
 *
 * @param path what the path begins with, up to a slash
 * @throws RefusedRequest where the path is another one, or the key is empty, too long or no UTF-8
 */
export function keyOfRequest({ url }: Request, path: string, keyMaxBytes: number): string {
  const { pathname } = new URL(url);
  const encoded = pathname.slice(path.length);
  if (!pathname.startsWith(path) || encoded.includes('/'))
    throw new RefusedRequest(404, `Path must be ${path}{key}`);
  let key: string;
  try {
    key = decodeURIComponent(encoded);
  } catch {
    throw new RefusedRequest(400, 'Key must be percent-encoded UTF-8');
  }
  if (key === '') throw new RefusedRequest(400, 'Key must not be empty');
  if (new TextEncoder().encode(key).length > keyMaxBytes)
    throw new RefusedRequest(400, `Key must be at most ${keyMaxBytes} bytes of UTF-8`);
  return key;
}

/**
 * Reads a body as a JSON object, and never more than `bodyMaxBytes` of it; an empty one is an object without fields.
 *
 * @throws RefusedRequest
 */
export async function readJsonBody(request: Request, bodyMaxBytes: number): Promise<Record<string, unknown>> {
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

/** An answer that nobody keeps. */
export function jsonResponse(status: number, body: unknown): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });
}

/** An answer that says what is wrong: `{ error: { code, message, outcome? } }`, and what else is to be said. */
export function errorResponse(
  status: number,
  error: { readonly code: string; readonly message: string; readonly outcome?: string },
  more: Readonly<Record<string, unknown>> = {},
): Response {
  return jsonResponse(status, { error, ...more });
}

/**
 * The answer to a request that failed: 400 for bad arguments, 501 for what the store cannot do, 503 for what else is wrong there.
 *
 * @throws what was thrown, where the caller of the service has no part in it
 */
export function failureResponse(thrown: unknown): Response {
  if (thrown instanceof RefusedRequest)
    return errorResponse(thrown.status, { code: 'BAD_REQUEST', message: thrown.message });
  if (thrown instanceof RangeError || thrown instanceof TypeError)
    return errorResponse(400, { code: 'BAD_REQUEST', message: thrown.message });
  if (!(thrown instanceof QuorateError)) throw thrown;
  const { code, message, outcome } = thrown;
  return errorResponse(code === 'UNSUPPORTED' ? 501 : 503, { code, message, outcome });
}
