import {
  errorResponse,
  failureResponse,
  jsonResponse,
  keyOfRequest,
  readJsonBody,
  RefusedRequest,
} from '@quorate/core';
import { lockNameMaxBytes } from '../lock-name.ts';
import { checkHandlerOptions, type LockHandlerOptions } from './lock-handler-options.ts';
import { readLockRequest, type RequestLimits, text, tokenMaxLength, valueMaxLength } from './lock-request.ts';
import { LockService } from './lock-service.ts';

/** As a lock's name a key can be three times as long. */
const keyMaxBytes = lockNameMaxBytes / 3;

/** Answers requests, in the manner of `fetch`; paths that are not its own with 404. */
export interface LockHandler extends AsyncDisposable {
  (request: Request): Promise<Response>;
}

/**
 * Locks by HTTP. Each has a value, and an end that the server's clock tells.
 *
 * - `POST /locks/{key}` with `{ value, expiresInMs | expiresAt, token? }`: 200 `{ key, value, fence, expiresAtMs, remainingMs, token }`,
 *   the same again for the same token; 409 where somebody else holds it, with what is known of that one.
 * - `DELETE /locks/{key}` with `{ token }` or `{ value }`, as body or query: 200; 404 where nobody holds it, 409 where somebody else does.
 * - `GET /locks/{key}`: 200, 404.
 *
 * 400 for what cannot be read or lies outside the limits, 405, 413 for a body that is too long, 503 while the store cannot be
 * reached; a request with a token may then be repeated. Whoever may speak to the handler may lock anything: put it behind something
 * that knows who is who.
 */
export function createLockHandler(options: LockHandlerOptions): LockHandler {
  const checked = checkHandlerOptions(options);
  const service = new LockService(checked);
  const handle = async (request: Request): Promise<Response> => {
    try {
      const key = keyOfRequest(request, checked.path, keyMaxBytes);
      return await answer(service, checked, checked.clock.wallMs(), key, request);
    } catch (thrown) {
      return failureResponse(thrown);
    }
  };
  return Object.assign(handle, { [Symbol.asyncDispose]: () => service.close() });
}

async function answer(
  service: LockService,
  limits: RequestLimits,
  wallMs: number,
  key: string,
  request: Request,
): Promise<Response> {
  if (request.method === 'POST') {
    const wanted = readLockRequest(await readJsonBody(request, limits.bodyMaxBytes), limits, wallMs);
    const result = await service.grant(key, wanted);
    if (result.outcome === 'held') return jsonResponse(200, { ...result.lock, token: result.token });
    return errorResponse(
      409,
      { code: 'LOCK_HELD', message: `Lock "${key}" is held` },
      { lock: result.lock ?? null },
    );
  }
  if (request.method === 'DELETE') {
    const body = await readJsonBody(request, limits.bodyMaxBytes);
    const fields = { ...Object.fromEntries(new URL(request.url).searchParams), ...body };
    const token = text(fields, 'token', tokenMaxLength);
    const value = text(fields, 'value', valueMaxLength);
    if (token === undefined && value === undefined)
      throw new RefusedRequest(400, 'A release must have a token or a value');
    const owner = { ...(token === undefined ? {} : { token }), ...(value === undefined ? {} : { value }) };
    const result = await service.release(key, owner);
    if (result === 'released') return jsonResponse(200, { key });
    if (result === 'absent')
      return errorResponse(404, { code: 'NOT_FOUND', message: `Lock "${key}" is not held` });
    return errorResponse(409, { code: 'NOT_OWNER', message: `Lock "${key}" is held by somebody else` });
  }
  if (request.method === 'GET') {
    const found = await service.find(key);
    if (found === undefined)
      return errorResponse(404, { code: 'NOT_FOUND', message: `Lock "${key}" is not held` });
    return jsonResponse(200, found === 'other' ? { key } : found);
  }
  throw new RefusedRequest(405, 'Method must be POST, DELETE or GET');
}
