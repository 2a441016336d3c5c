/** Receives what is published on a channel. It must not throw; if it does, the error is reported as uncaught, later. */
export type ChannelListener<Message> = (message: Message) => void;

/** A named stream of telemetry that costs next to nothing while nobody listens. */
export interface Channel<Message> {
  readonly name: `quorate:${string}`;
  /** Whether anybody listens. Ask before building a message on a hot path. */
  readonly active: boolean;
  /** Hands `message` to every listener, at once. */
  publish(message: Message): void;
  /** Listens until the result is disposed. */
  subscribe(listener: ChannelListener<Message>): Disposable;
}

/** The part of Node's `diagnostics_channel.Channel` that is used here. */
interface NativeChannel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
  subscribe(listener: (message: unknown) => void): void;
  unsubscribe(listener: (message: unknown) => void): unknown;
}

/**
 * Declares a channel: once, at the top of the module that publishes on it.
 *
 * In Node it is the `diagnostics_channel` of the same name, so that any tool that knows those sees Quorate's; in browsers a
 * list of listeners. Messages are for observing: nothing in Quorate depends on anybody having received one.
 *
 * ```text
 * const granted = defineChannel<{ name: string; waitedMs: number }>('quorate:lock:granted');
 * if (granted.active) granted.publish({ name, waitedMs: clock.monotonicMs() - startedMs });
 * ```
 */
export function defineChannel<Message>(name: `quorate:${string}`): Channel<Message> {
  const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel');
  const native: NativeChannel = diagnostics?.channel(name) ?? new ListenerChannel();
  return new NamedChannel<Message>(name, native);
}

class NamedChannel<Message> implements Channel<Message> {
  readonly name: `quorate:${string}`;
  readonly #native: NativeChannel;

  constructor(name: `quorate:${string}`, native: NativeChannel) {
    this.name = name;
    this.#native = native;
  }

  get active(): boolean {
    return this.#native.hasSubscribers;
  }

  publish(message: Message): void {
    this.#native.publish(message);
  }

  subscribe(listener: ChannelListener<Message>): Disposable {
    // A function of its own, so that one listener subscribed twice is two subscriptions.
    const own = (message: unknown): void => listener(message as Message);
    this.#native.subscribe(own);
    return { [Symbol.dispose]: () => void this.#native.unsubscribe(own) };
  }
}

/** What browsers get in place of `diagnostics_channel`. */
class ListenerChannel implements NativeChannel {
  #listeners: readonly ((message: unknown) => void)[] = [];

  get hasSubscribers(): boolean {
    return this.#listeners.length > 0;
  }

  publish(message: unknown): void {
    for (const listener of this.#listeners) {
      try {
        listener(message);
      } catch (thrown) {
        queueMicrotask(() => {
          throw thrown;
        });
      }
    }
  }

  subscribe(listener: (message: unknown) => void): void {
    this.#listeners = [...this.#listeners, listener];
  }

  unsubscribe(listener: (message: unknown) => void): void {
    this.#listeners = this.#listeners.filter(other => other !== listener);
  }
}
