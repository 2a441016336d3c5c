import { type Clock, type Outcome, QuorateError, type Timer } from '@quorate/core';
import type { Script } from '../scripts/script.ts';
import {
  duplicateForScripts,
  limitsCommands,
  type RedisClient,
  type RedisTemplate,
  type Reply,
} from './redis-client.ts';
import { type ScriptCaller, ScriptCommand, type Words } from './script-command.ts';

export interface ScriptRunnerOptions {
  readonly template: RedisTemplate;
  readonly clock: Clock;
  /** After how long without any answer, while some are awaited, the connection is taken for dead. */
  readonly silenceMs: number;
}

/** What the server refuses for now: the same call may succeed later. */
const PASSING =
  /^(?:LOADING|BUSY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|READONLY|MASTERDOWN|OOM|MISCONF|NOREPLICAS)\b|Too many Cluster redirections/;

/** What ioredis rejects with where nothing was written. */
const UNWRITTEN = /^(?:Stream isn't writeable|Cluster isn't ready)/;

/** Runs scripts on a connection of its own, each once, and says truthfully what became of those that failed. */
export class ScriptRunner implements AsyncDisposable {
  readonly client: RedisClient;
  /** Called each time a connection is ready. */
  onReady: () => void = () => {};
  readonly isCluster: boolean;
  /** Whether commands need nothing of ioredis but to be sent and answered: no node to be chosen, no time limit. */
  readonly #isDirect: boolean;
  readonly #options: ScriptRunnerOptions;
  #watchdog: Timer | undefined;
  #pending = 0;
  #answers = 0;
  #isTurnBegun = false;
  /** What the rest of a turn gathers in. */
  #gathering: { uncork(): void } | undefined;
  #isClosed = false;
  /** Of those that the server gave on this connection. Never one on a cluster, where each node has its own. */
  #firstRevision: number = Number.POSITIVE_INFINITY;

  constructor(options: ScriptRunnerOptions) {
    this.#options = options;
    this.isCluster = options.template.isCluster;
    this.client = duplicateForScripts(options.template, options.silenceMs);
    this.#isDirect = !this.isCluster && !limitsCommands(options.template);
    // What goes wrong in the background shows in the calls that it fails.
    this.client.on('error', () => {});
    this.client.on('ready', () => {
      this.#firstRevision = Number.POSITIVE_INFINITY;
      this.onReady();
    });
    if (!this.isCluster) this.#watch('');
  }

  /** @throws QuorateError `UNAVAILABLE` */
  async connect(): Promise<void> {
    try {
      await this.client.connect();
    } catch (thrown) {
      throw failure(thrown, 'not-applied');
    }
  }

  /** A new entry has been given a revision, by the clock of the server as it is now. */
  gave(revision: number): void {
    if (this.#firstRevision === Number.POSITIVE_INFINITY && !this.isCluster) this.#firstRevision = revision;
  }

  /** Whether an entry of this revision was made since the connection was: the server was not started anew in between. */
  isSince(revision: number): boolean {
    return revision >= this.#firstRevision;
  }

  /** @throws QuorateError `UNAVAILABLE` */
  run(script: Script, key: string, ...args: Words): Promise<Reply> {
    return this.runAs(script, key, args, reply => reply);
  }

  /** The same, and what is made of the answer. @throws QuorateError `UNAVAILABLE`, and what `resultOf` throws */
  runAs<Result>(
    script: Script,
    key: string,
    args: Words,
    resultOf: (reply: Reply) => Result | Promise<Result>,
  ): Promise<Result> {
    if (this.client.status !== 'ready') return Promise.reject(this.#notConnected());
    this.#asked();
    return new Promise<Result>((resolve, reject) => {
      this.#send(script, key, args, {
        onReply: reply => {
          this.#answered();
          try {
            resolve(resultOf(reply));
          } catch (thrown) {
            reject(thrown as Error);
          }
        },
        onError: error => {
          this.#answered();
          if (isReplyError(error) && error.message.startsWith('NOSCRIPT'))
            resolve(this.#loadAs(script, key, args, resultOf));
          else reject(failure(error, 'unknown'));
        },
      });
    });
  }

  #send(script: Script, key: string, args: Words, caller: ScriptCaller): void {
    if (this.#isDirect) this.client.sendCommand(new ScriptCommand(script, key, args, caller));
    else {
      const answer = this.client.evalshaBuffer(script.sha1, 1, key, ...args) as Promise<Reply>;
      answer.then(caller.onReply, caller.onError);
    }
  }

  /** Reads fields. @throws QuorateError `UNAVAILABLE` */
  async fields(key: string, ...fields: readonly string[]): Promise<readonly (Buffer | null)[]> {
    if (this.client.status !== 'ready') throw this.#notConnected();
    this.#asked();
    try {
      return await this.client.hmgetBuffer(key, ...fields);
    } catch (thrown) {
      throw failure(thrown, 'not-applied');
    } finally {
      this.#answered();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watchdog?.cancel();
    await closeClient(this.client);
  }

  async #loadAs<Result>(
    script: Script,
    key: string,
    args: Words,
    resultOf: (reply: Reply) => Result | Promise<Result>,
  ): Promise<Result> {
    return resultOf(await this.#load(script, key, args));
  }

  /** The server does not have the script, and so has not run it: it is sent whole, once. */
  async #load(script: Script, key: string, args: Words): Promise<Reply> {
    if (this.client.status !== 'ready') throw this.#notConnected();
    this.#asked();
    try {
      return (await this.client.evalBuffer(script.lua, 1, key, ...args)) as Reply;
    } catch (thrown) {
      throw failure(thrown, 'unknown');
    } finally {
      this.#answered();
    }
  }

  /**
   * Something is about to be sent. What is asked for first in a turn of the event loop goes at once, so that the server is at it
   * while we finish the turn; all the rest of the turn goes in one write.
   */
  #asked(): void {
    this.#pending++;
    const { stream } = this.client;
    if (!stream || this.#gathering !== undefined) return;
    if (!this.#isTurnBegun) {
      this.#isTurnBegun = true;
      process.nextTick(this.#onTurnOver);
      return;
    }
    this.#gathering = stream;
    stream.cork();
  }

  readonly #onTurnOver = (): void => {
    this.#isTurnBegun = false;
    this.#gathering?.uncork();
    this.#gathering = undefined;
  };

  #answered(): void {
    this.#pending--;
    this.#answers++;
  }

  /** Twice in `silenceMs` it is looked whether any answer has come. A connection whose greeting is not answered counts, too. */
  #watch(before: string): void {
    const { status } = this.client;
    const isWaiting = status === 'connect' || (status === 'ready' && this.#pending > 0);
    const now = isWaiting ? `${status} ${this.#answers}` : '';
    if (isWaiting && now === before) this.client.disconnect(true);
    this.#watchdog = this.#options.clock.setTimer(this.#options.silenceMs / 2, () => this.#watch(now));
    this.#watchdog.unref();
  }

  #notConnected(): QuorateError {
    if (this.#isClosed) return new QuorateError('CLOSED', 'The store was closed', { outcome: 'not-applied' });
    return new QuorateError('UNAVAILABLE', `There is no connection to Redis: it is ${this.client.status}`, {
      retryable: true,
      outcome: 'not-applied',
    });
  }
}

/** ioredis destroys a socket that the server does not close after 2 s. */
const lingerMs = 3_000;

/** Ends a client's connections; settles once they are closed, and no later than ioredis lets them linger. */
export async function closeClient(client: RedisClient): Promise<void> {
  // Without a connection there is no end to be told of.
  if (['end', 'close', 'reconnecting', 'wait'].includes(client.status)) {
    client.disconnect();
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>(resolve => {
    client.once('end', () => resolve());
    client.disconnect();
    timer = setTimeout(resolve, lingerMs);
  });
  clearTimeout(timer);
}

function isReplyError(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'ReplyError';
}

/** What a call failed with, for whoever made it. A server's error is an answer: the script has changed nothing. */
export function failure(thrown: unknown, lost: Outcome): QuorateError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (isReplyError(thrown)) {
    return new QuorateError('UNAVAILABLE', `Redis refused: ${message}`, {
      retryable: PASSING.test(message),
      outcome: 'not-applied',
      cause: thrown,
    });
  }
  return new QuorateError('UNAVAILABLE', `The connection to Redis failed: ${message}`, {
    retryable: true,
    outcome: PASSING.test(message) || UNWRITTEN.test(message) ? 'not-applied' : lost,
    cause: thrown,
  });
}
