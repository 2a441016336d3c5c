import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { sleep, systemClock } from '@quorate/core';

/** What a process is asked; it answers with the same number. */
export interface Question<Ask> {
  readonly number: number;
  readonly ask: Ask;
}

/** What a process says: that it is ready, what it was asked for, or what happened. */
export type Said<News> =
  | { readonly said: 'ready' }
  | { readonly said: 'answer'; readonly number: number; readonly value: unknown }
  | { readonly said: 'news'; readonly news: News };

/** A process that was started for a test, and does what it is asked over its channel. */
export class ToldProcess<Ask, News> implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (value: unknown) => void>();
  readonly #exited: Promise<void>;
  #stopper: ChildProcess | undefined;
  #asked = 0;
  #isReady = false;
  #isWanted = true;

  /**
   * @param command the program and its arguments, run as it is or within what becomes it
   * @param onEnd told how it ended, unless it was killed from here
   */
  constructor(
    [program = '', ...args]: readonly string[],
    onNews: (news: News) => void,
    onEnd: (how: string) => void,
  ) {
    this.#child = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.#child.on('message', (said: Said<News>) => {
      if (said.said === 'ready') this.#isReady = true;
      else if (said.said === 'news') onNews(said.news);
      else this.#settle(said.number, said.value);
    });
    // Who is killed closes the channel under what was just sent.
    this.#child.on('error', () => {});
    this.#exited = once(this.#child, 'exit').then(([code, signal]) => {
      for (const number of this.#waiting.keys()) this.#settle(number, undefined);
      if (this.#isWanted) onEnd(`ended with ${String(signal ?? code)}`);
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Waits until it has said so, or has ended. */
  async ready(): Promise<void> {
    while (!this.#isReady && this.isRunning) await Promise.race([once(this.#child, 'message'), this.#exited]);
  }

  /** @returns undefined where it has ended, or not answered in time */
  async ask(ask: Ask, timeoutMs: number): Promise<unknown> {
    if (!this.isRunning) return undefined;
    const number = ++this.#asked;
    const answer = new Promise<unknown>(resolve => {
      this.#waiting.set(number, resolve);
    });
    this.#child.send({ number, ask } satisfies Question<Ask>, () => {});
    const patience = systemClock.setTimer(timeoutMs, () => this.#settle(number, undefined));
    try {
      return await answer;
    } finally {
      patience.cancel();
    }
  }

  /** Has it stand still until {@link goOn}, or until this process is gone: it would wait for ever. */
  async pause(): Promise<void> {
    const script = 'kill -STOP "$0" && echo stopped && read -r _; kill -CONT "$0"';
    this.#stopper = spawn('sh', ['-c', script, `${this.#child.pid}`], { stdio: ['pipe', 'pipe', 'ignore'] });
    await Promise.race([once(this.#stopper.stdout!, 'data'), once(this.#stopper, 'exit')]);
  }

  async goOn(): Promise<void> {
    const stopper = this.#stopper;
    this.#stopper = undefined;
    if (stopper === undefined || stopper.exitCode !== null) return;
    const ended = once(stopper, 'exit');
    stopper.stdin?.end();
    await ended;
  }

  async kill(): Promise<void> {
    this.#isWanted = false;
    this.#child.kill('SIGKILL');
    await this.#exited;
    await this.goOn();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  #settle(number: number, value: unknown): void {
    this.#waiting.get(number)?.(value);
    this.#waiting.delete(number);
  }
}

/** In such a process: answers what it is asked. */
export function answerParent(answer: (ask: never) => unknown): void {
  process.on('message', ({ number, ask }: Question<never>) => {
    void Promise.resolve(answer(ask)).then(value => {
      process.send?.({ said: 'answer', number, value } satisfies Said<never>);
    });
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ said: 'ready' } satisfies Said<never>);
}

export function tellParent(news: unknown): void {
  process.send?.({ said: 'news', news } satisfies Said<unknown>);
}

/** Waits until it is so. @returns false where it is not within this time */
export async function becomes(isSo: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  const dueMs = systemClock.monotonicMs() + withinMs;
  while (!(await isSo())) {
    if (systemClock.monotonicMs() > dueMs) return false;
    await sleep(systemClock, 20);
  }
  return true;
}
