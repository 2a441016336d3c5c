import { type Clock, type Random, sleep } from '@quorate/core';
import type { PostgresConnection, PostgresNotification } from '../postgres-client.ts';
import type { Connections } from './connections.ts';

const restMinMs = 50;
const restMaxMs = 2000;

/** A connection that is dead without a word is found out in twice this time. */
const pingMs = 15_000;

/** Hears a notification's payload; nothing where some may have been missed: look for yourself. */
export type NotificationListener = (payload: string | undefined) => void;

/**
 * Listens to channels on one connection of its own, made when the first listener comes and let go with the last.
 *
 * Notifications may be lost with the connection: it is made again, by itself and with pauses, and then every listener is told to
 * look. They are a hint that saves waiting, never the truth.
 */
export class Notifications {
  readonly #connections: Connections;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #channels = new Map<string, Set<NotificationListener>>();
  #connection: PostgresConnection | undefined;
  /** Ends the connection that is served, so that another one is made. */
  #renew: () => void = () => {};
  #running: AbortController | undefined;
  /** How long to rest before the next connection: longer each time, until one listens. */
  #restMs = restMinMs;

  constructor(connections: Connections, clock: Clock, random: Random) {
    this.#connections = connections;
    this.#clock = clock;
    this.#random = random;
  }

  /** Adds a listener and gives what takes it away again. It is told to look as soon as the server listens. */
  add(channel: string, listener: NotificationListener): () => void {
    const listeners = this.#channels.get(channel);
    if (listeners === undefined) {
      this.#channels.set(channel, new Set([listener]));
      if (this.#connection !== undefined) this.#listen(this.#connection, [channel]);
      else this.#start();
    } else {
      listeners.add(listener);
    }
    return () => this.#remove(channel, listener);
  }

  /** Ends it all. */
  close(): void {
    this.#channels.clear();
    this.#stop();
  }

  #remove(channel: string, listener: NotificationListener): void {
    const listeners = this.#channels.get(channel);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#channels.delete(channel);
    if (this.#channels.size === 0) this.#stop();
    else void this.#connection?.query({ text: `unlisten ${channel}` }).catch(() => {});
  }

  #start(): void {
    if (this.#running !== undefined) return;
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  #stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const connection = await this.#connections.connect();
        await this.#serve(connection, signal);
      } catch {
        // Not to be had now.
      }
      if (signal.aborted) return;
      const restMs = this.#restMs * (0.5 + this.#random.float() / 2);
      this.#restMs = Math.min(restMaxMs, this.#restMs * 2);
      await sleep(this.#clock, restMs, { signal }).catch(() => {});
    }
  }

  /** Until the connection ends or nobody listens any more. */
  async #serve(connection: PostgresConnection, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      connection.release();
      return;
    }
    await new Promise<void>(resolve => {
      const hear = ({ channel, payload }: PostgresNotification): void => {
        for (const listener of this.#channels.get(channel) ?? []) listener(payload ?? '');
      };
      let answered = true;
      const ping = (): void => {
        if (!answered) return end();
        answered = false;
        timer = this.#clock.setTimer(pingMs, ping);
        timer.unref();
        connection.query({ text: 'select 1' }).then(() => (answered = true), end);
      };
      let timer = this.#clock.setTimer(pingMs, ping);
      timer.unref();
      const end = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        connection.off('notification', hear);
        // It may end twice, by an error and, later, by its end: another one may be served by then.
        if (this.#connection === connection) this.#connection = undefined;
        resolve();
      };
      connection.on('notification', hear);
      connection.on('error', end);
      connection.on('end', end);
      signal.addEventListener('abort', end, { once: true });
      this.#connection = connection;
      this.#renew = end;
      this.#listen(connection, [...this.#channels.keys()]);
    });
    // It listens to what nobody else wants to hear.
    connection.release(true);
  }

  #listen(connection: PostgresConnection, channels: readonly string[]): void {
    connection.query({ text: channels.map(channel => `listen ${channel}`).join('; ') }).then(
      () => {
        this.#restMs = restMinMs;
        for (const channel of channels)
          for (const listener of this.#channels.get(channel) ?? []) listener(undefined);
      },
      // Broken, or a server that does not listen, such as a standby.
      () => {
        if (this.#connection === connection) this.#renew();
      },
    );
  }
}
