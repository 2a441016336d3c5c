import type { Topic } from '../topic-table.ts';

interface Subscription {
  readonly listeners: Set<() => void>;
  /** Settles once the database says that this host is to be woken. */
  registered: Promise<void>;
}

/**
 * What this host wants to be woken of: however many of its clients wait for the same, the database names the host once.
 */
export class HostTopics {
  readonly #register: (topic: Topic) => Promise<void>;
  readonly #unregister: (topic: Topic) => Promise<void>;
  readonly #subscriptions = new Map<Topic, Subscription>();

  constructor(register: (topic: Topic) => Promise<void>, unregister: (topic: Topic) => Promise<void>) {
    this.#register = register;
    this.#unregister = unregister;
  }

  /** Calls back whenever a topic may have news, from when {@link registered} settles. Gives what ends that. */
  subscribe(topic: Topic, listener: () => void): () => void {
    let subscription = this.#subscriptions.get(topic);
    if (subscription === undefined) {
      subscription = { listeners: new Set(), registered: this.#register(topic) };
      subscription.registered.catch(() => {});
      this.#subscriptions.set(topic, subscription);
    }
    const { listeners } = subscription;
    listeners.add(listener);
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0) return;
      this.#subscriptions.delete(topic);
      // Where this does not get through, whoever wakes this host for nothing loses little.
      this.#unregister(topic).catch(() => {});
    };
  }

  /** Settles once this host is woken of a topic that it is subscribed to. */
  async registered(topic: Topic): Promise<void> {
    await this.#subscriptions.get(topic)?.registered;
  }

  /** Has a topic registered anew, where the database says nothing of it any more. */
  registerAgain(topic: Topic): Promise<void> {
    const subscription = this.#subscriptions.get(topic);
    if (subscription === undefined) return Promise.resolve();
    subscription.registered = this.#register(topic);
    return subscription.registered;
  }

  tell(topic: Topic): void {
    for (const listener of this.#subscriptions.get(topic)?.listeners ?? []) listener();
  }

  /** Has everybody look, in case that they were not told. */
  tellAll(): void {
    for (const topic of this.#subscriptions.keys()) this.tell(topic);
  }
}
