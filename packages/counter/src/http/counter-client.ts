import {
  boundedWait,
  type Clock,
  QuorateError,
  type Random,
  sleep,
  systemClock,
  systemRandom,
  type WaitOptions,
} from '@quorate/core';
import type { Added } from '../counter.ts';
import { checkDelta } from '../int64.ts';

/** Options of {@link createCounterClient}. */
export interface CounterClientOptions {
  /** Where the handler is, up to its path: `https://counters.example/counters/`. */
  readonly url: string;
  /** Default: the platform's. */
  readonly fetch?: (input: string, init: RequestInit) => Promise<Response>;
  readonly clock?: Clock;
  readonly random?: Random;
  /** How often a request is sent that nobody answers. Default 5. */
  readonly attempts?: number;
}

/** How something is added from afar. */
export interface RemoteAddOptions extends WaitOptions {
  /** Makes the counter, where there is none, one that ends after so long. */
  readonly expiresMs?: number;
}

/** Counters of a server. */
export interface CounterClient {
  /**
   * Adds once: what nobody answers is sent again under the same token.
   *
   * @throws TypeError, RangeError also where the server refuses it
   * @throws QuorateError `UNAVAILABLE`, `ABORTED`, `DEADLINE_EXCEEDED`, outcome `unknown`
   */
  add(key: string, delta: bigint | number, options?: RemoteAddOptions): Promise<Added>;
  /** @throws QuorateError `UNAVAILABLE`, `ABORTED`, `DEADLINE_EXCEEDED` */
  get(key: string, options?: WaitOptions): Promise<bigint>;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const retryMs = 50;

/** Makes a client of `createCounterHandler`. Runs wherever `fetch` does. @throws RangeError */
export function createCounterClient(options: CounterClientOptions): CounterClient {
  return new FetchingClient(options);
}

class FetchingClient implements CounterClient {
  readonly #url: string;
  readonly #fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #attempts: number;

  constructor({
    url,
    fetch,
    clock = systemClock,
    random = systemRandom,
    attempts = 5,
  }: CounterClientOptions) {
    if (!(Number.isInteger(attempts) && attempts >= 1))
      throw new RangeError(`Attempts must be an integer of at least 1: received ${attempts}`);
    this.#url = url.endsWith('/') ? url : `${url}/`;
    this.#fetch = fetch ?? ((input, init) => globalThis.fetch(input, init));
    this.#clock = clock;
    this.#random = random;
    this.#attempts = attempts;
  }

  async add(key: string, delta: bigint | number, options: RemoteAddOptions = {}): Promise<Added> {
    checkDelta(delta);
    const token = [...this.#random.bytes(16)].map(byte => byte.toString(16).padStart(2, '0')).join('');
    const { expiresMs } = options;
    const expiry = expiresMs === undefined ? {} : { expiresInMs: expiresMs };
    const body = JSON.stringify({ delta: `${delta}`, token, ...expiry });
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
    return { value: await this.#ask(key, init, options, 'unknown') };
  }

  get(key: string, options: WaitOptions = {}): Promise<bigint> {
    return this.#ask(key, { method: 'GET' }, options, 'not-applied');
  }

  #ask(
    key: string,
    init: RequestInit,
    options: WaitOptions,
    outcome: 'unknown' | 'not-applied',
  ): Promise<bigint> {
    return boundedWait(this.#clock, options, outcome, async signal => {
      for (let attempt = 1; ; attempt++) {
        let failure: unknown;
        try {
          const answer = await this.#send(key, signal === undefined ? init : { ...init, signal });
          if (answer.status === 200) return BigInt(String(answer.body['value']));
          failure = failureOf(answer, outcome);
        } catch (thrown) {
          failure = unavailable('The server of the counters cannot be reached', outcome, thrown);
        }
        if (!(failure instanceof QuorateError && failure.retryable) || attempt >= this.#attempts)
          throw failure as Error;
        await sleep(this.#clock, retryMs * 2 ** attempt * (0.5 + this.#random.float() / 2), { signal });
      }
    });
  }

  async #send(key: string, init: RequestInit): Promise<Answer> {
    const response = await this.#fetch(`${this.#url}${encodeURIComponent(key)}`, init);
    const text = await response.text();
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    return { status: response.status, body };
  }
}

function failureOf({ status, body }: Answer, outcome: 'unknown' | 'not-applied'): Error {
  const { message } = (body['error'] ?? {}) as { readonly message?: unknown };
  if (status === 501)
    return new QuorateError('UNSUPPORTED', `The server of the counters answered: ${String(message)}`, {
      outcome: 'not-applied',
    });
  if (status >= 500)
    return unavailable(`The server of the counters answered ${status}: ${String(message)}`, outcome);
  return new RangeError(`The server of the counters answered ${status}: ${String(message)}`);
}

function unavailable(message: string, outcome: 'unknown' | 'not-applied', cause?: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', message, { retryable: true, outcome, cause });
}
