/** What a handler learns of the call that it answers. */
export interface Call {
  /**
   * Aborts when the caller gives the call up (`ABORTED`, `DEADLINE_EXCEEDED`) or the worker ends. It needs a turn of this
   * thread's event loop to arrive: a handler that never yields never hears of it.
   */
  readonly signal: AbortSignal;

  /** Moves these objects to the caller with the result rather than copying them. */
  transfer(...objects: object[]): void;
}

/** A call under way. The signal is made when somebody asks for it: most handlers never do. */
export class RunningCall implements Call {
  readonly transferList: object[] = [];
  #controller: AbortController | undefined;
  #aborted: { readonly reason: unknown } | undefined;

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  transfer(...objects: object[]): void {
    this.transferList.push(...objects);
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }
}
