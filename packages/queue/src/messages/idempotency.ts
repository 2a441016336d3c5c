import type { Clock, QueueStore, StateWrite } from '@quorate/core';
import { EngineTime } from '../tasks/engine-time.ts';
import type { IdempotencyOptions } from './consume-options.ts';
import type { Message } from './message.ts';

/** A thousand years: its end is a time that every engine can keep. */
const ttlMaxMs = 1000 * 365.25 * 86_400_000;

/** The records that say what was handled. */
export class Idempotency {
  readonly #store: QueueStore;
  readonly #time: EngineTime;
  readonly #prefix: string;
  readonly #options: IdempotencyOptions;

  /** @throws RangeError */
  constructor(store: QueueStore, clock: Clock, queue: string, options: IdempotencyOptions) {
    const { ttlMs } = options;
    if (!(ttlMs > 0 && ttlMs <= ttlMaxMs))
      throw new RangeError(
        `Time to live of a record of idempotency, in ms, must be above 0 and at most ${ttlMaxMs}: received ${ttlMs}`,
      );
    this.#store = store;
    this.#time = new EngineTime(store, clock);
    this.#prefix = `${queue}/~handled/`;
    this.#options = options;
  }

  /** What says that the work of a message is done; nothing where that stands already. */
  async recordOf(message: Message): Promise<StateWrite | undefined> {
    const key = this.#prefix + (this.#options.keyOf?.(message) ?? message.id);
    if (await this.stands(key)) return undefined;
    const expiresAtMs = (await this.#time.now()) + this.#options.ttlMs;
    return { key, value: new Uint8Array(), version: 0, expiresAtMs };
  }

  isOwn(key: string): boolean {
    return key.startsWith(this.#prefix);
  }

  async stands(key: string): Promise<boolean> {
    return (await this.#store.state.get(key)) !== undefined;
  }
}
