import type { Clock, QuorateError, Timer } from '@quorate/core';
import {
  createInbox,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  type Subscription,
} from '@nats-io/nats-core';
import { unavailable } from '../unavailable.ts';

export interface RequestsOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  /** How long an answer may take before it counts as lost, ms. */
  readonly timeoutMs: number;
  /** What inboxes begin with, where the server allows this client no others. */
  readonly inboxPrefix: string | undefined;
}

interface Pending {
  readonly resolve: (message: Msg) => void;
  readonly reject: (error: QuorateError) => void;
  readonly timer: Timer;
}

/** How long a request waits for a connection that is being made again, ms. */
const connectionWaitMs = 2000;

/**
 * Requests and answers over one connection, each sent once. When the connection breaks, whatever was under way is unknown at once,
 * rather than after a time; what comes while there is none waits a little for the next one, unsent.
 */
export class Requests {
  readonly #options: RequestsOptions;
  readonly #inbox: string;
  readonly #answers: Subscription;
  readonly #pending = new Map<string, Pending>();
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<(isConnected: boolean) => void>();
  readonly #status: AsyncIterable<{ readonly type: string }> & { stop?(): void };
  #isConnected: boolean;
  #isClosed = false;
  #next = 0;

  constructor(options: RequestsOptions) {
    const { connection, inboxPrefix } = options;
    this.#options = options;
    this.#inbox = createInbox(inboxPrefix);
    this.#isConnected = connection.info !== undefined;
    this.#answers = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#onAnswer(message);
      },
    });
    this.#status = connection.status();
    void this.#follow();
  }

  get connection(): NatsConnection {
    return this.#options.connection;
  }

  get clock(): Clock {
    return this.#options.clock;
  }

  /** What the subjects of its answers begin with: names that nobody else uses. */
  get inbox(): string {
    return this.#inbox;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Told whenever the connection breaks or is there again. */
  onConnection(listener: (isConnected: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Sends a request and gives the answer.
   *
   * @throws QuorateError `UNAVAILABLE`: `not-applied` where it was not sent or nobody heard it, else `unknown`
   */
  async request(subject: string, payload: Uint8Array | string, headers?: MsgHdrs): Promise<Msg> {
    await this.ready();
    return this.send(subject, payload, headers);
  }

  /** The same at once: in the order of calls, and refused where there is no connection. */
  send(subject: string, payload: Uint8Array | string, headers?: MsgHdrs): Promise<Msg> {
    const { connection, clock, timeoutMs } = this.#options;
    if (this.#isClosed || !this.#isConnected)
      return Promise.reject(unavailable('NATS is not connected', false));
    return new Promise((resolve, reject) => {
      const token = (this.#next++).toString(36);
      const reply = `${this.#inbox}.${token}`;
      try {
        connection.publish(subject, payload, headers === undefined ? { reply } : { reply, headers });
      } catch (thrown) {
        reject(unavailable(`NATS took no request: ${(thrown as Error).message}`, false, thrown));
        return;
      }
      const timer = clock.setTimer(timeoutMs, () => {
        this.#pending.delete(token);
        reject(unavailable(`NATS gave no answer within ${timeoutMs} ms`, true));
      });
      timer.unref();
      this.#pending.set(token, { resolve, reject, timer });
    });
  }

  /** Publishes what nobody answers, if it can now. */
  tell(subject: string, payload: string): void {
    if (!this.#isConnected) return;
    try {
      this.connection.publish(subject, payload);
    } catch {
      // Closed or closing: it was a hint.
    }
  }

  /** Hears what is published on a subject, and gives what ends that. On a connection that is closed there is nothing to hear. */
  subscribe(subject: string, hear: (message: Msg) => void): () => void {
    const { connection } = this;
    try {
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) hear(message);
        },
      });
      return () => {
        if (!connection.isClosed()) subscription.unsubscribe();
      };
    } catch {
      return () => {};
    }
  }

  /** Settles when there is a connection. @throws QuorateError `UNAVAILABLE` `not-applied` where none comes soon */
  async ready(): Promise<void> {
    if (this.#isConnected) return;
    if (this.#isClosed || this.connection.isClosed())
      throw unavailable('The connection to NATS is closed', false);
    await new Promise<void>(resolve => {
      const end = (): void => {
        timer.cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const timer = this.clock.setTimer(connectionWaitMs, end);
      timer.unref();
      this.#waiting.add(end);
    });
    if (!this.#isConnected) throw unavailable('NATS is not connected', false);
  }

  close(): void {
    this.#isClosed = true;
    this.#onConnection(false);
    for (const end of this.#waiting) end();
    this.#status.stop?.();
    if (!this.connection.isClosed()) this.#answers.unsubscribe();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#status) {
      if (type === 'disconnect' || type === 'close') this.#onConnection(false);
      else if (type === 'reconnect') this.#onConnection(true);
    }
    this.#onConnection(false);
  }

  #onAnswer(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const pending = this.#pending.get(token);
    if (pending === undefined) return;
    this.#pending.delete(token);
    pending.timer.cancel();
    if (message.data.length === 0 && message.headers?.code === 503) {
      pending.reject(unavailable('NATS has nobody who answers: JetStream or the stream is not there', false));
    } else {
      pending.resolve(message);
    }
  }

  #onConnection(isConnected: boolean): void {
    this.#isConnected = isConnected && !this.#isClosed;
    if (!this.#isConnected) {
      for (const { reject, timer } of this.#pending.values()) {
        timer.cancel();
        reject(unavailable('The connection to NATS broke before the answer came', true));
      }
      this.#pending.clear();
    } else {
      for (const end of this.#waiting) end();
    }
    for (const listener of this.#listeners) listener(this.#isConnected);
  }
}
