import {
  boundedWait,
  type Clock,
  QuorateError,
  type QueueCapabilities,
  type QueueInspector,
  type QueueState,
  type QueueStore,
  type Random,
  systemClock,
  type WaitOptions,
} from '@quorate/core';

/** What may go wrong between a client and its queues. Read anew at each call, but for the capabilities. */
export interface QueueFaults {
  /** What chances are drawn from. */
  random?: Random;
  /** How likely nothing was sent. */
  refused?: number;
  /** How likely an answer is lost: half of those did not take effect either. */
  lost?: number;
  /** Whether watches tell nothing. */
  muted?: boolean;
  /** Called before each call that is sent; a promise holds it up, until the caller waits no more: then it is not sent. */
  before?: (call: string) => Promise<void> | undefined;
  /** Takes down what is sent. */
  sent?: string[];
  /** What it says of itself, true or not. */
  capabilities?: Partial<QueueCapabilities>;
}

/** A queue store whose answers get lost, and worse: for tests of what is built on the QueueStore seam. */
export class FaultyQueueStore implements QueueStore {
  readonly capabilities: QueueCapabilities;
  readonly faults: QueueFaults;
  readonly state: QueueState;
  readonly inspect: QueueInspector;
  readonly #store: QueueStore;
  readonly #clock: Clock;

  /**
   * @param store disposed of with this one
   * @param clock what calls that are held up wait by
   */
  constructor(store: QueueStore, faults: QueueFaults, clock: Clock = systemClock) {
    this.#store = store;
    this.#clock = clock;
    this.faults = faults;
    this.capabilities = { ...store.capabilities, ...faults.capabilities };
    const { state, inspect } = store;
    this.state = {
      get: (...args) => this.#ask('state.get', () => state.get(...args), args[1]),
      write: (...args) =>
        this.#change(
          'state.write',
          () => state.write(...args),
          cause => ({ outcome: 'unknown', cause }),
          args[1],
        ),
      scan: (...args) => this.#ask('state.scan', () => state.scan(...args), args[1]),
      watch: (prefix, onChange) => state.watch(prefix, key => this.#hint(() => onChange(key))),
    };
    this.inspect = {
      queues: (...args) => this.#ask('queues', () => inspect.queues(...args), args[1]),
      depth: (...args) => this.#ask('depth', () => inspect.depth(...args), args[1]),
      get: (...args) => this.#ask('get', () => inspect.get(...args), args[2]),
      messages: (...args) => this.#ask('messages', () => inspect.messages(...args), args[1]),
      remove: (...args) => this.#changeEach('remove', args[1], () => inspect.remove(...args), args[2]),
      purge: (...args) => this.#ask('purge', () => inspect.purge(...args), args[1]),
    };
  }

  now(...args: Parameters<QueueStore['now']>): ReturnType<QueueStore['now']> {
    return this.#ask('now', () => this.#store.now(...args), args[0]);
  }

  put(...args: Parameters<QueueStore['put']>): ReturnType<QueueStore['put']> {
    return this.#changeEach('put', args[0], () => this.#store.put(...args), args[1]);
  }

  /** One whose answer is lost may have leased in vain. */
  lease(...args: Parameters<QueueStore['lease']>): ReturnType<QueueStore['lease']> {
    return this.#ask('lease', () => this.#store.lease(...args), args[1]);
  }

  extend(...args: Parameters<QueueStore['extend']>): ReturnType<QueueStore['extend']> {
    return this.#changeEach('extend', args[0], () => this.#store.extend(...args), args[2]);
  }

  settle(...args: Parameters<QueueStore['settle']>): ReturnType<QueueStore['settle']> {
    return this.#changeEach('settle', args[0], () => this.#store.settle(...args), args[1]);
  }

  abandon(...args: Parameters<QueueStore['abandon']>): ReturnType<QueueStore['abandon']> {
    return this.#ask('abandon', () => this.#store.abandon(...args), args[2]);
  }

  watch(queue: string, onReady: () => void): Disposable {
    return this.#store.watch(queue, () => this.#hint(onReady));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  async #ask<Result>(call: string, send: () => Promise<Result>, options?: WaitOptions): Promise<Result> {
    await this.#send(call, options);
    if (!this.#draws(this.faults.lost)) return send();
    if (this.#draws(0.5)) await send();
    throw new QuorateError('UNAVAILABLE', 'The answer is lost', {
      retryable: true,
      outcome: 'not-applied',
    });
  }

  #changeEach<Result>(
    call: string,
    items: readonly unknown[],
    send: () => Promise<readonly Result[]>,
    options?: WaitOptions,
  ): Promise<readonly Result[]> {
    const unknown = (cause: QuorateError): readonly Result[] =>
      items.map(() => ({ outcome: 'unknown', cause }) as Result);
    return this.#change(call, send, unknown, options);
  }

  async #change<Result>(
    call: string,
    send: () => Promise<Result>,
    unknown: (cause: QuorateError) => Result,
    options?: WaitOptions,
  ): Promise<Result> {
    await this.#send(call, options);
    if (!this.#draws(this.faults.lost)) return send();
    if (this.#draws(0.5)) await send();
    return unknown(new QuorateError('UNAVAILABLE', 'The answer is lost', { retryable: true }));
  }

  async #send(call: string, { signal, deadlineMs }: WaitOptions = {}): Promise<void> {
    const held = this.faults.before?.(call);
    if (held !== undefined) await boundedWait(this.#clock, { signal, deadlineMs }, 'not-applied', () => held);
    if (this.#draws(this.faults.refused)) {
      throw new QuorateError('UNAVAILABLE', 'No way', { retryable: true, outcome: 'not-applied' });
    }
    this.faults.sent?.push(call);
  }

  #hint(tell: () => void): void {
    if (this.faults.muted !== true) tell();
  }

  #draws(chance: number | undefined): boolean {
    return chance !== undefined && chance > 0 && (this.faults.random?.float() ?? 0) < chance;
  }
}
