import {
  type Clock,
  failureResponse,
  jsonResponse,
  keyOfRequest,
  readJsonBody,
  RefusedRequest,
  systemClock,
} from '@quorate/core';
import { counterNameMaxBytes } from '../counter-name.ts';
import type { Counters } from '../create-counters.ts';
import { readCounterRequest } from './counter-request.ts';

/** Options of {@link createCounterHandler}. */
export interface CounterHandlerOptions {
  /** They stay their owner's: dispose of them once the server takes no more requests. */
  readonly counters: Counters;
  readonly clock?: Clock;
  /** What the path begins with. Default `/counters/`. */
  readonly path?: string;
  /** The shortest and the longest time after which a counter may end. Default 1,000 and 3,600,000. */
  readonly ttlMinMs?: number;
  readonly ttlMaxMs?: number;
  /** Default 4,096. */
  readonly bodyMaxBytes?: number;
  /** How long the store may take. Default 10,000. */
  readonly storeDeadlineMs?: number;
}

/** As a counter's name a key can be three times as long. */
const keyMaxBytes = counterNameMaxBytes / 3;

/** Answers requests, in the manner of `fetch`; paths that are not its own with 404. */
export type CounterHandler = (request: Request) => Promise<Response>;

/**
 * Counters by HTTP. Numbers of 64 bits are decimal digits in a string.
 *
 * - `POST /counters/{key}` with `{ delta?, token?, expiresInMs? | expiresAt? }`: 200 `{ key, value }`. The token may also come as
 *   `Idempotency-Key`; a repeated request with it counts once and is answered the same again, from whatever server. Without one,
 *   a request whose answer was lost must not be repeated. The delta is 1 unless given.
 * - `GET /counters/{key}`: 200 `{ key, value }`.
 *
 * 400 for what cannot be read, lies outside the limits, or would leave 64 bits; 405; 413 for a body that is too long; 501 for a
 * token where the store has no `batch`; 503 while the store cannot be reached, with `outcome`. Whoever may speak to the handler
 * may count anything: put it behind something that knows who is who.
 *
 * @throws RangeError
 */
export function createCounterHandler(options: CounterHandlerOptions): CounterHandler {
  const { counters, clock = systemClock, path = '/counters/', bodyMaxBytes = 4096 } = options;
  const { ttlMinMs = 1000, ttlMaxMs = 3_600_000, storeDeadlineMs = 10_000 } = options;
  if (!/^\/(?:.*\/)?$/.test(path))
    throw new RangeError(`Path must begin and end with "/": received "${path}"`);
  for (const [what, value] of Object.entries({ bodyMaxBytes, storeDeadlineMs, ttlMinMs, ttlMaxMs })) {
    if (!(value > 0 && value < 2 ** 31))
      throw new RangeError(`Option ${what} must be above 0: received ${value}`);
  }
  const limits = { bodyMaxBytes, ttlMinMs, ttlMaxMs };
  const wait = { deadlineMs: storeDeadlineMs };
  const answer = async (key: string, request: Request): Promise<bigint> => {
    if (request.method === 'GET') return counters.counter(key).get(wait);
    if (request.method !== 'POST') throw new RefusedRequest(405, 'Method must be POST or GET');
    const body = await readJsonBody(request, bodyMaxBytes);
    const header = request.headers.get('idempotency-key');
    const { token, delta, expiresMs } = readCounterRequest(body, header, limits, clock.wallMs());
    if (token !== undefined) return (await counters.addKeyed(key, { token, delta, expiresMs }, wait)).value;
    const counter = counters.counter(key, expiresMs === undefined ? {} : { expiresMs });
    return (await counter.add(delta, wait)).value;
  };
  return async request => {
    try {
      const key = keyOfRequest(request, path, keyMaxBytes);
      return jsonResponse(200, { key, value: `${await answer(key, request)}` });
    } catch (thrown) {
      return failureResponse(thrown);
    }
  };
}
