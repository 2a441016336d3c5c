import {
  boundedWait,
  type Clock,
  momentOf,
  type Moment,
  QuorateError,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  type WaitOptions,
} from '@quorate/core';
import type { ServedLock } from './lock-service.ts';

/** Options of {@link createLockClient}. */
export interface LockClientOptions {
  /** Where the handler is, up to its path: `https://locks.example/locks/`. */
  readonly url: string;
  /** Default: the platform's. */
  readonly fetch?: (input: string, init: RequestInit) => Promise<Response>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How often a request is sent that nobody answers. Default 3. */
  readonly attempts?: number;
}

/** How a lock is asked for. */
export interface RemoteLockOptions extends WaitOptions {
  /** How long it is held. */
  readonly ttlMs: number;
  /** What others see of it. Default ''. */
  readonly value?: string;
}

/** A lock that a server holds for this process, until its time is over. */
export interface RemoteLock extends AsyncDisposable {
  readonly key: string;
  readonly token: string;
  readonly fence: bigint;
  /** Counts from before the request was sent, on both clocks. */
  remainingMs(): number;
  /** @throws QuorateError `LOCK_LOST` */
  assertHeld(): void;
  /** False where it was over before. @throws QuorateError `UNAVAILABLE` */
  release(options?: WaitOptions): Promise<boolean>;
}

export type RemoteLockResult =
  | { readonly outcome: 'held'; readonly lock: RemoteLock }
  /** `holder` is missing where it is no lock of an HTTP service. */
  | { readonly outcome: 'taken'; readonly holder: ServedLock | undefined };

/** Locks of a server. */
export interface LockClient {
  /**
   * Asks once whether the lock can be had. What nobody answers is sent again under the same token, so that it is granted once.
   *
   * @throws QuorateError `UNAVAILABLE`, `ABORTED`, `DEADLINE_EXCEEDED`, outcome `unknown`: it may be held until its time is over
   * @throws RangeError where the server finds something wrong with the request
   */
  tryAcquire(key: string, options: RemoteLockOptions): Promise<RemoteLockResult>;
}

const retryMs = 100;

/** Makes a client of `createLockHandler`. Runs wherever `fetch` does. */
export function createLockClient(options: LockClientOptions): LockClient {
  return new FetchingClient(options);
}

class FetchingClient implements LockClient {
  readonly #url: string;
  readonly #fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly clock: Clock;
  readonly #random: Random;
  readonly #attempts: number;

  constructor({ url, fetch, clock = systemClock, random = systemRandom, attempts = 3 }: LockClientOptions) {
    if (!(Number.isInteger(attempts) && attempts >= 1))
      throw new RangeError(`Attempts must be an integer of at least 1: received ${attempts}`);
    this.#url = url.endsWith('/') ? url : `${url}/`;
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.clock = clock;
    this.#random = random;
    this.#attempts = attempts;
  }

  async tryAcquire(key: string, options: RemoteLockOptions): Promise<RemoteLockResult> {
    const { ttlMs, value = '' } = options;
    const token = [...this.#random.bytes(16)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    checkKey(key);
    const sent = momentOf(this.clock);
    const { status, body } = await this.send(key, 'POST', { value, token, expiresInMs: ttlMs }, options);
    if (status === 200) {
      const lock = new FetchedLock(this, key, token, BigInt(String(body['fence'])), sent, ttlMs);
      return { outcome: 'held', lock };
    }
    const holder = (body['lock'] ?? undefined) as ServedLock | undefined;
    return { outcome: 'taken', holder };
  }

  /** 200 or 409; to a release 404, too. */
  send(
    key: string,
    method: 'POST' | 'DELETE',
    fields: Record<string, unknown>,
    options: WaitOptions,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    return boundedWait(this.clock, options, 'unknown', async signal => {
      for (let attempt = 1; ; attempt++) {
        const answer = await this.#sendOnce(key, method, fields, signal).catch((thrown: unknown) => {
          if (attempt < this.#attempts) return undefined;
          throw unavailable('The lock server cannot be reached', thrown);
        });
        if (answer !== undefined && answer.status < 500) return checked(answer, method);
        if (attempt >= this.#attempts)
          throw unavailable(`The lock server answered ${answer?.status}`, undefined);
        await sleep(this.clock, retryMs * attempt, { signal });
      }
    });
  }

  async #sendOnce(
    key: string,
    method: string,
    fields: Record<string, unknown>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await this.#fetch(`${this.#url}${encodeURIComponent(key)}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(fields),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  }
}

class FetchedLock implements RemoteLock {
  readonly key: string;
  readonly token: string;
  readonly fence: bigint;
  readonly #client: FetchingClient;
  readonly #sent: Moment;
  readonly #ttlMs: number;
  #isReleased = false;

  constructor(
    client: FetchingClient,
    key: string,
    token: string,
    fence: bigint,
    sent: Moment,
    ttlMs: number,
  ) {
    this.#client = client;
    this.key = key;
    this.token = token;
    this.fence = fence;
    this.#sent = sent;
    this.#ttlMs = ttlMs;
  }

  remainingMs(): number {
    if (this.#isReleased) return 0;
    const { monotonicMs, wallMs } = momentOf(this.#client.clock);
    const passedMs = Math.max(monotonicMs - this.#sent.monotonicMs, wallMs - this.#sent.wallMs);
    // Clocks differ in rate.
    return Math.max(0, this.#ttlMs * 0.99 - 10 - passedMs);
  }

  assertHeld(): void {
    if (this.remainingMs() > 0) return;
    throw new QuorateError('LOCK_LOST', `The time of lock "${this.key}" is over`, { outcome: 'unknown' });
  }

  async release(options: WaitOptions = {}): Promise<boolean> {
    if (this.#isReleased) return false;
    this.#isReleased = true;
    const { status } = await this.#client.send(this.key, 'DELETE', { token: this.token }, options);
    return status === 200;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Where it does not get through, the lock ends by its time.
    await this.release().catch(() => {});
  }
}

/** What a path of a URL cannot end with. @throws RangeError */
function checkKey(key: string): void {
  if (key !== '' && key !== '.' && key !== '..') return;
  throw new RangeError(`Key of a lock must be neither empty nor "." nor "..": received "${key}"`);
}

function checked<Answer extends { readonly status: number; readonly body: Record<string, unknown> }>(
  answer: Answer,
  method: string,
): Answer {
  const { status, body } = answer;
  if (status === 200 || status === 409 || (status === 404 && method === 'DELETE')) return answer;
  const message = (body['error'] as { message?: unknown } | undefined)?.message;
  throw new RangeError(`The lock server answered ${status}: ${String(message)}`);
}

function unavailable(message: string, cause: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, { retryable: true, outcome: 'unknown', cause });
}
