import type { SessionId } from '@quorate/core';
import type { Requests } from './requests.ts';

/** Hears a session's id when it has ended; nothing where some ends may have been missed. */
export type SessionEndListener = (session: SessionId | undefined) => void;

/** Tells each other's clients of sessions that have ended: a hint that saves waiting. */
export class SessionEnds {
  readonly #requests: Requests;
  readonly #subject: string;
  readonly #listeners = new Set<SessionEndListener>();
  #leave: (() => void) | undefined;

  constructor(requests: Requests, subject: string) {
    this.#requests = requests;
    this.#subject = subject;
  }

  /**
   * @param isEndedHere whether this client has ended it, and tells the others. Whoever finds it ended tells nobody: many may find it at
   *   once, and each of them would be heard by all.
   */
  tell(session: SessionId, isEndedHere: boolean): void {
    // A connection may be without an echo of what is published on it.
    this.#hear(session);
    if (isEndedHere) this.#requests.tell(this.#subject, session);
  }

  listen(listener: SessionEndListener): () => void {
    this.#listeners.add(listener);
    this.#leave ??= this.#follow();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#leave?.();
      this.#leave = undefined;
    };
  }

  #follow(): () => void {
    const unsubscribe = this.#requests.subscribe(this.#subject, message =>
      this.#hear(message.string() as SessionId),
    );
    const stop = this.#requests.onConnection(() => this.#hear(undefined));
    return () => {
      unsubscribe();
      stop();
    };
  }

  #hear(session: SessionId | undefined): void {
    for (const each of this.#listeners) each(session);
  }
}
