import type { Port } from './port.ts';
import type { MemberId } from './team.ts';
import type { Reply, Request } from './wire.ts';

/** What a new worker is told. Everything in it is cloned on its way; the port is moved. */
export interface WorkerOrder {
  /** The worker module, absolute. */
  readonly url: string;
  readonly name: string;
  readonly data: unknown;
  /** Where calls arrive and answers go. */
  readonly port: Port<Reply, Request>;
  /** The shared memory of the team that the worker joins, and its place there. */
  readonly team: { readonly buffer: SharedArrayBuffer; readonly member: MemberId } | undefined;
}

/** What a backend tells of the thread that it started. */
export interface ThreadEvents {
  /** Code outside any call threw. */
  onError(thrown: unknown): void;
  /**
   * The thread has stopped: none of its code runs any more, and every message that it managed to send has been delivered.
   * Called once, last. Whoever takes over what the thread held relies on it.
   */
  onExit(code: number): void;
}

/** What a backend is asked to start. */
export interface StartRequest {
  readonly order: WorkerOrder;
  /** What is moved with the start data; the order's port is moved in any case. */
  readonly transfer: readonly object[];
  /** The spawner's port. */
  readonly local: Port<Request, Reply>;
  readonly events: ThreadEvents;
}

/** A thread that a backend started. */
export interface Thread {
  /** Stops the thread, whatever it is doing; `onExit` follows. Harmless when repeated. */
  terminate(): void;
  /** Keeps the process alive while the thread lives, which is the default. */
  ref(): void;
  /** Lets the process end while the thread lives. */
  unref(): void;
}

/** Runs workers: {@link threads} in threads of their own, {@link inline} in the calling thread. */
export interface Backend {
  /** `thread`, or what the backend calls itself; for messages. */
  readonly name: string;

  /** Makes the pair of ports between spawner and worker. */
  channel(): [local: Port<Request, Reply>, remote: Port<Reply, Request>];

  /**
   * Starts a thread that runs `runWorker` with the order.
   *
   * @throws DataCloneError (a `DOMException`) when the start data cannot be cloned
   * @throws whatever keeps a thread from starting at all
   */
  start(request: StartRequest): Thread;
}
