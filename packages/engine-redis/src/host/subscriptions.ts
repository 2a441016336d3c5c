import type { Clock, Timer } from '@quorate/core';
import { closeClient, type ScriptRunner } from './script-runner.ts';
import { duplicateForSubscriptions, type RedisClient, type RedisTemplate } from './redis-client.ts';

/** Somebody who listens on a channel. */
export interface ChannelListener {
  readonly onMessage: (message: Buffer) => void;
  /** From now on nothing is missed; called again after each connection that was lost. Something may have been missed before. */
  readonly onReady: () => void;
}

export interface SubscriptionsOptions {
  readonly template: RedisTemplate;
  readonly runner: ScriptRunner;
  readonly clock: Clock;
  /** How often the connection is asked whether it lives, and how long it may take to answer. */
  readonly keepAliveMs: number;
}

interface ChannelState {
  readonly listeners: Set<ChannelListener>;
  isReady: boolean;
}

/** How long a channel is kept that nobody listens on: locks are waited for again, and many channels are left in one command. */
const lingerMs = 500;

const restMinMs = 25;
const restMaxMs = 1_000;

/**
 * One connection on which all channels of a client are subscribed to. It is made when it is first needed, and made again whenever it
 * is lost, which a connection that is merely silent shows by not answering.
 */
export class Subscriptions implements AsyncDisposable {
  readonly #options: SubscriptionsOptions;
  readonly #channels = new Map<string, ChannelState>();
  #client: RedisClient | undefined;
  #isReady = false;
  #timer: Timer | undefined;
  #restMs = restMinMs;
  #isClosed = false;
  /** Channels on which nobody listens any more. */
  readonly #idle = new Map<string, ChannelState>();
  #idleTimer: Timer | undefined;
  readonly #closing = new Set<Promise<void>>();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  /** Listens until the result is disposed. */
  listen(channel: string, listener: ChannelListener): Disposable {
    const known = this.#channels.get(channel);
    const state = known ?? { listeners: new Set(), isReady: false };
    state.listeners.add(listener);
    this.#channels.set(channel, state);
    if (known === undefined) this.#subscribe(channel, state);
    else if (state.isReady) queueMicrotask(() => state.listeners.has(listener) && listener.onReady());
    return { [Symbol.dispose]: () => this.#leave(channel, state, listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#idleTimer?.cancel();
    this.#drop();
    await Promise.all(this.#closing);
  }

  #leave(channel: string, state: ChannelState, listener: ChannelListener): void {
    state.listeners.delete(listener);
    if (state.listeners.size > 0 || this.#channels.get(channel) !== state) return;
    this.#idle.set(channel, state);
    if (this.#isClosed || this.#idleTimer !== undefined) return;
    this.#idleTimer = this.#options.clock.setTimer(lingerMs, () => this.#leaveIdle());
    this.#idleTimer.unref();
  }

  #leaveIdle(): void {
    this.#idleTimer = undefined;
    const left: string[] = [];
    for (const [channel, state] of this.#idle) {
      if (state.listeners.size > 0 || this.#channels.get(channel) !== state) continue;
      this.#channels.delete(channel);
      left.push(channel);
    }
    this.#idle.clear();
    // Where it fails the connection is lost, and the channels with it.
    if (this.#isReady && left.length > 0) this.#client?.unsubscribe(...left).catch(() => {});
  }

  #subscribe(channel: string, state: ChannelState): void {
    if (this.#client === undefined) this.#connect();
    const client = this.#client;
    if (client === undefined || !this.#isReady) return;
    client.subscribe(channel).then(
      () => {
        if (this.#client !== client || this.#channels.get(channel) !== state) return;
        state.isReady = true;
        for (const listener of state.listeners) listener.onReady();
      },
      () => this.#lost(client),
    );
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { template, runner } = this.#options;
    let client: RedisClient;
    try {
      client = duplicateForSubscriptions(template, runner.client);
    } catch {
      this.#connectLater();
      return;
    }
    this.#client = client;
    client.on('error', () => {});
    client.on('messageBuffer', (channel: Buffer, message: Buffer) =>
      this.#onMessage(client, channel, message),
    );
    client.on('end', () => this.#lost(client));
    // Where the greeting is not answered in time the connection is as good as none.
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(2 * this.#options.keepAliveMs, () => this.#lost(client));
    client.connect().then(
      () => this.#onReady(client),
      () => this.#lost(client),
    );
  }

  #onReady(client: RedisClient): void {
    if (this.#client !== client) return;
    this.#isReady = true;
    this.#restMs = restMinMs;
    for (const [channel, state] of this.#channels) this.#subscribe(channel, state);
    this.#keepAlive(client);
  }

  /**
   * What comes in one read with the answer that the channel is subscribed to comes before anybody has been told so, and would be taken
   * for what follows the last message of the connection before. Who is told then finds it with all else that may have been missed.
   */
  #onMessage(client: RedisClient, channel: Buffer, message: Buffer): void {
    if (this.#client !== client) return;
    const state = this.#channels.get(channel.toString());
    if (state?.isReady !== true) return;
    for (const listener of state.listeners) listener.onMessage(message);
  }

  #keepAlive(client: RedisClient): void {
    const { clock, keepAliveMs } = this.#options;
    this.#timer?.cancel();
    this.#timer = clock.setTimer(keepAliveMs, () => {
      if (this.#channels.size === 0) {
        this.#keepAlive(client);
        return;
      }
      this.#timer = clock.setTimer(keepAliveMs, () => this.#lost(client));
      this.#timer.unref();
      client.ping().then(
        () => this.#client === client && this.#keepAlive(client),
        () => this.#lost(client),
      );
    });
    this.#timer.unref();
  }

  #lost(client: RedisClient): void {
    if (this.#client !== client) return;
    this.#drop();
    if (this.#channels.size > 0) this.#connectLater();
  }

  #drop(): void {
    const client = this.#client;
    this.#timer?.cancel();
    this.#client = undefined;
    this.#isReady = false;
    for (const state of this.#channels.values()) state.isReady = false;
    if (client === undefined) return;
    const closed = closeClient(client);
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }

  #connectLater(): void {
    if (this.#isClosed) return;
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(this.#restMs, () => {
      if (this.#channels.size > 0 && this.#client === undefined) this.#connect();
    });
    this.#restMs = Math.min(2 * this.#restMs, restMaxMs);
  }
}
