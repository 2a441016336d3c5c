import { type Clock, type Random, type SessionId, sessionId, type Timer } from '@quorate/core';

/** A session that lives. */
interface LiveSession {
  readonly ttlMs: number;
  dueMs: number;
  timer: Timer | undefined;
  /** Whoever waits for its end. */
  readonly observers: Set<() => void>;
}

/**
 * The sessions of one memory, which end by its clock and nothing else. Each has one timer, which is only looked at when it fires:
 * a renewal costs no timer.
 */
export class MemorySessions {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #onEnd: (session: SessionId) => void;
  readonly #live = new Map<SessionId, LiveSession>();
  #isPaused = false;

  /** @param onEnd is told of each session's end, once it is no longer alive */
  constructor(clock: Clock, random: Random, onEnd: (session: SessionId) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#onEnd = onEnd;
  }

  get count(): number {
    return this.#live.size;
  }

  /** How many wait for the end of a session. */
  get observerCount(): number {
    let count = 0;
    for (const { observers } of this.#live.values()) count += observers.size;
    return count;
  }

  /** Opens a session that lives for `ttlMs` from now. Its id is random, 128 bits, so that none is used twice. */
  open(ttlMs: number): SessionId {
    const id = sessionId(hexOf(this.#random.bytes(16)));
    const session = {
      ttlMs,
      dueMs: this.#clock.monotonicMs() + ttlMs,
      timer: undefined,
      observers: new Set<() => void>(),
    };
    this.#live.set(id, session);
    this.#arm(id, session);
    return id;
  }

  /** Lets it live for its whole time again; false where it is dead. */
  renew(id: SessionId): boolean {
    const session = this.#live.get(id);
    if (session === undefined) return false;
    const nowMs = this.#clock.monotonicMs();
    // Its timer may be late: an end that is due is not taken back.
    if (nowMs >= session.dueMs) {
      this.end(id);
      return false;
    }
    session.dueMs = nowMs + session.ttlMs;
    return true;
  }

  isAlive(id: SessionId): boolean {
    return this.#live.has(id);
  }

  end(id: SessionId): void {
    const session = this.#live.get(id);
    if (session === undefined) return;
    this.#live.delete(id);
    session.timer?.cancel();
    this.#onEnd(id);
    for (const settle of session.observers) settle();
  }

  /** Settles when a session is dead, or the signal aborts. */
  observe(id: SessionId, signal: AbortSignal | undefined): Promise<void> {
    return new Promise(resolve => {
      const session = this.#live.get(id);
      if (session === undefined || signal?.aborted) {
        resolve();
        return;
      }
      const settle = (): void => {
        session.observers.delete(settle);
        signal?.removeEventListener('abort', settle);
        resolve();
      };
      session.observers.add(settle);
      signal?.addEventListener('abort', settle, { once: true });
    });
  }

  /** Sets no timers until {@link resume}, while nobody is there who could care. */
  pause(): void {
    this.#isPaused = true;
    for (const session of this.#live.values()) session.timer?.cancel();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    for (const [id, session] of this.#live) this.#arm(id, session);
  }

  #arm(id: SessionId, session: LiveSession): void {
    if (this.#isPaused) return;
    const leftMs = Math.max(0, session.dueMs - this.#clock.monotonicMs());
    session.timer = this.#clock.setTimer(leftMs, () => {
      if (session.dueMs <= this.#clock.monotonicMs()) this.end(id);
      else this.#arm(id, session);
    });
    session.timer.unref();
  }
}

/** Bytes as hexadecimal digits. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
