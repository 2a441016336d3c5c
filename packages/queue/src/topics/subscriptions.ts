import { pageMax, type QueueStore, QuorateError, type Random, type WaitOptions } from '@quorate/core';
import { jsonBytes, jsonValue } from '../tasks/json-bytes.ts';

/** The most subscriptions of a topic: one message goes to all of them in one put. */
export const subscriptionsMax: number = pageMax / 2;

/** A queue of its own for each who wants all messages of a topic. */
export interface Subscription {
  readonly name: string;
  /** Consume this one. A subscription that is made anew under a name has another queue. */
  readonly queue: string;
}

/** The subscriptions of a topic, in state records of its partition. */
export class Subscriptions {
  readonly #store: QueueStore;
  readonly #topic: string;
  readonly #random: Random;

  constructor(store: QueueStore, topic: string, random: Random) {
    this.#store = store;
    this.#topic = topic;
    this.#random = random;
  }

  async list(wait: WaitOptions = {}): Promise<readonly Subscription[]> {
    const found: Subscription[] = [];
    let cursor: string | undefined;
    do {
      const options = { ...wait, limit: pageMax, ...(cursor !== undefined && { cursor }) };
      const page = await this.#store.state.scan(this.#prefix, options);
      for (const { value } of page.items) found.push(jsonValue(value) as Subscription);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  }

  /** Makes one, or finds it. */
  async add(name: string, wait: WaitOptions): Promise<Subscription> {
    const all = await this.list(wait);
    const found = all.find(each => each.name === name);
    if (found !== undefined) return found;
    if (all.length >= subscriptionsMax)
      throw new RangeError(
        `Subscriptions of topic "${this.#topic}" must be at most ${subscriptionsMax}: there are ${all.length}`,
      );
    const incarnation = this.#random.uint32().toString(36) + this.#random.uint32().toString(36);
    const made: Subscription = { name, queue: `${this.#topic}/~to/${name}~${incarnation}` };
    const value = jsonBytes('Subscription', made);
    const result = await this.#store.state.write({ key: this.#key(name), value, version: 0 }, wait);
    if (result.outcome === 'applied') return made;
    const there = await this.#store.state.get(this.#key(name), wait);
    if (there !== undefined) return jsonValue(there.value) as Subscription;
    throw unknownChange(`subscription "${name}" of topic "${this.#topic}" was made`, result);
  }

  /** Ends one, with the messages that nobody handled. Says whether it was there. */
  async remove(name: string, wait: WaitOptions): Promise<boolean> {
    const there = await this.#store.state.get(this.#key(name), wait);
    if (there === undefined) return false;
    const { version, value } = there;
    const result = await this.#store.state.write({ key: this.#key(name), value: undefined, version }, wait);
    if (result.outcome === 'unknown')
      throw unknownChange(`subscription "${name}" of topic "${this.#topic}" was ended`, result);
    await this.#store.inspect.purge((jsonValue(value) as Subscription).queue, wait);
    return result.outcome === 'applied';
  }

  get #prefix(): string {
    return `${this.#topic}/~subscriptions/`;
  }

  #key(name: string): string {
    return this.#prefix + name;
  }
}

function unknownChange(what: string, cause: unknown): QuorateError {
  return new QuorateError('UNAVAILABLE', `Nobody knows whether ${what}: ask again`, {
    retryable: true,
    cause,
  });
}
