import { QuorateError } from '@quorate/core';
import { RunningCall } from './call.ts';
import type { Port } from './port.ts';
import { type Handler, type Methods, methodTable } from './service.ts';
import { type WireThrown, decodeThrown, encodeThrown } from './wire-error.ts';
import type { Answer, Request } from './wire.ts';

/** Answers calls that arrive at a port: every call gets exactly one answer unless the responder is stopped. */
export class Responder {
  readonly #port: Port<Answer>;
  /** What handlers see as `this`. */
  readonly #service: Methods;
  readonly #methods: ReadonlyMap<string, Handler>;
  readonly #running: Map<number, RunningCall> = new Map();
  #onIdle: (() => void) | undefined;
  #stopped = false;

  constructor(port: Port<Answer>, methods: Methods) {
    this.#port = port;
    this.#service = methods;
    this.#methods = methodTable(methods);
  }

  /** Takes a request that concerns one call. */
  receive(request: Request): void {
    if (this.#stopped) return;
    if (request.kind === 'call') this.#run(request.id, request.method, request.input);
    else if (request.kind === 'cancel') this.#running.get(request.id)?.abort(decodeThrown(request.reason));
  }

  /** Settles when no call runs. */
  idle(): Promise<void> {
    if (this.#running.size === 0) return Promise.resolve();
    return new Promise(resolve => {
      this.#onIdle = resolve;
    });
  }

  /** Aborts what runs and answers nothing more. */
  stop(reason: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const call of this.#running.values()) call.abort(reason);
    this.#running.clear();
    this.#onIdle?.();
  }

  #run(id: number, method: string, input: unknown): void {
    const handler = this.#methods.get(method);
    if (handler === undefined) {
      const known = [...this.#methods.keys()].join(', ') || 'nothing';
      this.#fail(id, encodeThrown(new TypeError(`Unknown method "${method}": this worker answers ${known}`)));
      return;
    }
    const call = new RunningCall();
    this.#running.set(id, call);
    let result: unknown;
    try {
      result = handler.call(this.#service, input as never, call);
      if (isThenable(result)) {
        // Through a promise of the platform's, which settles once whatever somebody's own thenable does.
        Promise.resolve(result).then(
          value => this.#succeed(id, method, value, call),
          thrown => this.#fail(id, encodeThrown(thrown)),
        );
        return;
      }
    } catch (thrown) {
      this.#fail(id, encodeThrown(thrown));
      return;
    }
    this.#succeed(id, method, result, call);
  }

  #succeed(id: number, method: string, value: unknown, { transferList }: RunningCall): void {
    if (this.#stopped) return;
    try {
      this.#port.postMessage({ kind: 'result', id, value }, transferList);
    } catch (cause) {
      const text = cause instanceof Error ? cause.message : String(cause);
      this.#fail(id, encodeThrown(new TypeError(`Result of "${method}" cannot be sent: ${text}`, { cause })));
      return;
    }
    this.#done(id);
  }

  #fail(id: number, thrown: WireThrown): void {
    if (this.#stopped) return;
    this.#port.postMessage({ kind: 'failure', id, thrown });
    this.#done(id);
  }

  #done(id: number): void {
    this.#running.delete(id);
    if (this.#running.size === 0) this.#onIdle?.();
  }
}

/** The reason that handlers see when what answers their callers ends; `message` says what did. */
export function endedReason(message: string): QuorateError {
  return new QuorateError('ABORTED', message, { outcome: 'unknown' });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
