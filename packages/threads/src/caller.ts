import { type Clock, type LinkedSignal, QuorateError, type WaitOptions, linkSignal } from '@quorate/core';
import type { Port } from './port.ts';
import type { Handler, Methods } from './service.ts';
import { decodeThrown, encodeThrown } from './wire-error.ts';
import type { Answer, Request } from './wire.ts';

/** How one call is made. */
export interface CallOptions extends WaitOptions {
  /** What is moved to the worker rather than copied, ports included. */
  readonly transfer?: readonly object[] | undefined;
}

/** What a method takes. */
export type InputOf<H extends Handler> = Parameters<H> extends [] ? undefined : Parameters<H>[0];

/** What a method gives. */
export type OutputOf<H extends Handler> = Awaited<ReturnType<H>>;

/** The arguments after the method's name; the input may be left out where the method takes none. */
export type CallArguments<H extends Handler> =
  undefined extends InputOf<H>
    ? [input?: InputOf<H>, options?: CallOptions]
    : [input: InputOf<H>, options?: CallOptions];

/** The one verb of a worker or a connection, typed by its methods. */
export interface Callable<M extends Methods> {
  /**
   * Calls a method and settles with its result, with the error that it threw, or when the caller gives it up. An error keeps
   * name, message, stack, code, cause, and its class where that is `QuorateError` or built in.
   *
   * A call that was given up keeps its place among the outstanding ones until the worker has answered it.
   *
   * @throws TypeError when the input cannot be cloned, or there is no such method
   * @throws QuorateError `WORKER_LOST` when the worker ends first (outcome `unknown`; `not-applied` if it had ended before),
   *   `TOO_MANY_CALLS` when `outstandingMax` calls are unanswered, `ABORTED`, `DEADLINE_EXCEEDED`
   */
  call<Name extends keyof M & string>(
    method: Name,
    ...rest: CallArguments<M[Name]>
  ): Promise<OutputOf<M[Name]>>;

  /** Calls that are not answered yet. */
  readonly outstandingCount: number;
}

/** A call that is not answered yet. */
interface Outstanding {
  readonly method: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
  /** The caller's signal and deadline, where there are any. */
  readonly link: LinkedSignal | undefined;
}

/** How the other side ended: what outstanding and later calls are told. */
export interface Loss {
  readonly message: string;
  readonly cause: unknown;
}

/** What is needed to make calls over a port. */
export interface CallerOptions {
  readonly clock: Clock;
  /** Calls beyond this many unanswered ones are refused. */
  readonly outstandingMax: number;
}

/** Makes calls over a port and matches the answers. Nothing here waits for ever: {@link lose} settles what is left. */
export class Caller {
  readonly #port: Port<Request>;
  readonly #clock: Clock;
  readonly #outstandingMax: number;
  readonly #outstanding: Map<number, Outstanding> = new Map();
  #nextId = 1;
  #loss: Loss | undefined;
  #lost = false;

  constructor(port: Port<Request>, { clock, outstandingMax }: CallerOptions) {
    if (!Number.isSafeInteger(outstandingMax) || outstandingMax < 1)
      throw new RangeError(
        `Most outstanding calls must be an integer of at least 1: received ${outstandingMax}`,
      );
    this.#port = port;
    this.#clock = clock;
    this.#outstandingMax = outstandingMax;
  }

  get outstandingCount(): number {
    return this.#outstanding.size;
  }

  call(method: string, input: unknown, options: CallOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#check(method, options);
      const link = isLimited(options) ? linkSignal(this.#clock, options) : undefined;
      const id = this.#nextId++;
      try {
        this.#port.postMessage({ kind: 'call', id, method, input }, options.transfer);
      } catch (cause) {
        link?.[Symbol.dispose]();
        const text = cause instanceof Error ? cause.message : String(cause);
        throw new TypeError(`Input of "${method}" cannot be sent: ${text}`, { cause });
      }
      const call: Outstanding = { method, resolve, reject, link };
      this.#outstanding.set(id, call);
      link?.signal.addEventListener('abort', () => this.#giveUp(id, call, link.signal.reason), {
        once: true,
      });
    });
  }

  /** Takes an answer. */
  receive(answer: Answer): void {
    const call = this.#outstanding.get(answer.id);
    if (call === undefined) return;
    this.#outstanding.delete(answer.id);
    call.link?.[Symbol.dispose]();
    if (answer.kind === 'result') call.resolve(answer.value);
    else call.reject(decodeThrown(answer.thrown));
  }

  /** Rejects calls made from now on; what is outstanding may still be answered. */
  refuse(loss: Loss): void {
    this.#loss ??= loss;
  }

  /** The other side is gone: rejects what is outstanding and all that comes later. The first loss stands. */
  lose(loss: Loss): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#loss = loss;
    const calls = [...this.#outstanding.values()];
    this.#outstanding.clear();
    for (const { method, reject, link } of calls) {
      link?.[Symbol.dispose]();
      const message = `${loss.message} before it answered "${method}"`;
      reject(new QuorateError('WORKER_LOST', message, { outcome: 'unknown', cause: loss.cause }));
    }
  }

  /** Throws when a call cannot be made at all, so that nothing of it is ever sent. */
  #check(method: string, options: CallOptions): void {
    if (typeof method !== 'string')
      throw new TypeError(`Method must be a string: received ${String(method)}`);
    if (this.#loss !== undefined) {
      const { message, cause } = this.#loss;
      throw new QuorateError('WORKER_LOST', `${message}: "${method}" was not sent`, {
        outcome: 'not-applied',
        cause,
      });
    }
    if (options.signal?.aborted || options.deadlineMs === 0) {
      using link = linkSignal(this.#clock, { ...options, outcome: 'not-applied' });
      link.throwIfAborted();
    }
    if (this.#outstanding.size >= this.#outstandingMax) {
      throw new QuorateError(
        'TOO_MANY_CALLS',
        `"${method}" was not sent: ${this.#outstandingMax} calls are unanswered, which is the limit`,
        { retryable: true, outcome: 'not-applied' },
      );
    }
  }

  /** The call keeps its place until it is answered: the worker is still busy with it. */
  #giveUp(id: number, call: Outstanding, reason: unknown): void {
    if (!this.#outstanding.has(id)) return;
    call.reject(reason);
    this.#port.postMessage({ kind: 'cancel', id, reason: encodeThrown(reason) });
  }
}

function isLimited({ signal, deadlineMs }: CallOptions): boolean {
  return signal !== undefined || deadlineMs !== undefined;
}
