import type { Subscription } from '@nats-io/nats-core';
import type { SessionId } from '@quorate/core';
import type { Requests } from './requests.ts';

/** Hears a session's id when it has ended; nothing where some ends may have been missed. */
export type SessionEndListener = (session: SessionId | undefined) => void;

/** Tells each other's clients of sessions that have ended: a hint that saves waiting. */
export class SessionEnds {
  readonly #requests: Requests;
  readonly #subject: string;
  readonly #listeners = new Set<SessionEndListener>();
  #subscription: Subscription | undefined;
  #stop: (() => void) | undefined;

  constructor(requests: Requests, subject: string) {
    this.#requests = requests;
    this.#subject = subject;
  }

  tell(session: SessionId): void {
    if (this.#requests.isConnected) this.#requests.connection.publish(this.#subject, session);
  }

  listen(listener: SessionEndListener): () => void {
    this.#listeners.add(listener);
    if (this.#subscription === undefined) this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#leave();
    };
  }

  #follow(): void {
    const tell = (session: SessionId | undefined): void => {
      for (const each of this.#listeners) each(session);
    };
    this.#subscription = this.#requests.connection.subscribe(this.#subject, {
      callback: (error, message) => {
        if (error === null) tell(message.string() as SessionId);
      },
    });
    this.#stop = this.#requests.onConnection(() => tell(undefined));
  }

  #leave(): void {
    this.#stop?.();
    if (!this.#requests.connection.isClosed()) this.#subscription?.unsubscribe();
    this.#subscription = undefined;
  }
}
