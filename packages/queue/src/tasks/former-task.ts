import {
  type MessageId,
  QuorateError,
  type QueueStore,
  type StateRecord,
  type WaitOptions,
} from '@quorate/core';
import type { Places } from './envelope.ts';

/** What is left of a task that was sent under the same id and is gone: the next one under it must not be taken for it. */
export class FormerTask {
  readonly #store: QueueStore;
  readonly #result: StateRecord | undefined;

  private constructor(store: QueueStore, result: StateRecord | undefined) {
    this.#store = store;
    this.#result = result;
  }

  /** A wish to cancel that nobody can fulfil any more is taken away at once, before the next one is there to be hit by it. */
  static async read(
    store: QueueStore,
    places: Places,
    id: MessageId,
    wait: WaitOptions,
  ): Promise<FormerTask> {
    const keys = [places.result(id), places.cancel(id)];
    const [result, wish] = await Promise.all(keys.map(key => store.state.get(key, wait)));
    if (wish !== undefined && (await store.inspect.get(places.queue, id, wait)) === undefined) {
      await store.state.write({ key: wish.key, value: undefined, version: wish.version }, wait);
    }
    return new FormerTask(store, result);
  }

  /** Of the record of its result; undefined where there is none. */
  get version(): number | undefined {
    return this.#result?.version;
  }

  /**
   * Takes its result away, unless the next one has written its own.
   *
   * @throws QuorateError of outcome `unknown`: the next one was sent
   */
  async forget(id: MessageId): Promise<void> {
    if (this.#result === undefined) return;
    const { key, version } = this.#result;
    let cause: unknown;
    try {
      const written = await this.#store.state.write({ key, value: undefined, version });
      if (written.outcome !== 'unknown') return;
      cause = written.cause;
    } catch (thrown) {
      cause = thrown;
    }
    throw new QuorateError(
      'UNAVAILABLE',
      `Task "${id}" was sent, and until it has ended the result of the one before may be taken for its own`,
      { outcome: 'unknown', retryable: true, cause },
    );
  }
}
