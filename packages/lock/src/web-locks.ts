import type { Locks } from './create-locks.ts';
import type { Hold, Lockable } from './lock.ts';

/** As in the Web Locks API. */
export type WebLockMode = 'exclusive' | 'shared';

/** What a callback is given. */
export interface WebLock {
  readonly name: string;
  readonly mode: WebLockMode;
  /** Beyond the API: what was acquired, with its signal, and its fence where the mode is exclusive. */
  readonly hold: Hold;
}

export interface WebLockOptions {
  /** Default `exclusive`. */
  readonly mode?: WebLockMode;
  /** Calls back with null where it would have to wait. */
  readonly ifAvailable?: boolean;
  /** Refused with a `NotSupportedError`: nobody can be made to let go of what it holds on another machine. */
  readonly steal?: boolean;
  /** Gives the wait up, with its reason. Has no effect once the lock is held. */
  readonly signal?: AbortSignal;
}

export interface WebLockInfo {
  readonly name: string;
  readonly mode: WebLockMode;
  /** The manager that holds it or waits for it. */
  readonly clientId: string;
}

export interface WebLockSnapshot {
  readonly held: WebLockInfo[];
  readonly pending: WebLockInfo[];
}

type Granted<Result> = (lock: WebLock | null) => Result | PromiseLike<Result>;

/** `LockManager` of the Web Locks API, as far as a cluster can keep it. */
export interface WebLockManager {
  request<Result>(name: string, callback: Granted<Result>): Promise<Result>;
  request<Result>(name: string, options: WebLockOptions, callback: Granted<Result>): Promise<Result>;
  /** Of the locks that were asked for here, and are held or waited for here now: those of other names cannot be enumerated. */
  query(): Promise<WebLockSnapshot>;
}

/**
 * The Web Locks API over any locks, so that what was written for `navigator.locks` runs in a cluster. The lock `n` is the read-write
 * lock `n`: `shared` reads, `exclusive` writes.
 *
 * What differs: a lock can be lost, so `request` rejects with `LOCK_LOST` once its callback has settled; and see
 * {@link WebLockOptions.steal} and {@link WebLockManager.query}.
 */
export function createLockManager(locks: Locks): WebLockManager {
  return new LocksAsWebLocks(locks);
}

interface Request {
  readonly info: WebLockInfo;
  isHeld: boolean;
}

class LocksAsWebLocks implements WebLockManager {
  readonly #locks: Locks;
  readonly #clientId: string;
  readonly #requests = new Set<Request>();

  constructor(locks: Locks) {
    this.#locks = locks;
    this.#clientId = locks.task().id;
  }

  async request<Result>(
    name: string,
    ...rest: [Granted<Result>] | [WebLockOptions, Granted<Result>]
  ): Promise<Result> {
    const [options, callback] = rest.length === 1 ? [{}, rest[0]] : rest;
    const { mode = 'exclusive', ifAvailable = false, signal } = options;
    checkRequest(name, options, callback);
    signal?.throwIfAborted();
    const request: Request = { info: { name, mode, clientId: this.#clientId }, isHeld: false };
    const { read, write } = this.#locks.rw(name);
    const lockable: Lockable<Hold> = mode === 'shared' ? read : write;
    if (!ifAvailable) this.#requests.add(request);
    try {
      const hold = ifAvailable ? await lockable.tryAcquire() : await acquire(lockable, signal);
      if (hold === undefined) return await callback(null);
      this.#requests.add(request);
      request.isHeld = true;
      return await useHold(hold, () => callback({ name, mode, hold }));
    } finally {
      this.#requests.delete(request);
    }
  }

  async query(): Promise<WebLockSnapshot> {
    const [held, pending]: [WebLockInfo[], WebLockInfo[]] = [[], []];
    for (const { info, isHeld } of this.#requests) (isHeld ? held : pending).push(info);
    return { held, pending };
  }
}

/** Its errors are those of the API. */
async function acquire(lockable: Lockable<Hold>, signal: AbortSignal | undefined): Promise<Hold> {
  try {
    return await lockable.acquire(signal === undefined ? {} : { signal });
  } catch (thrown) {
    signal?.throwIfAborted();
    throw thrown;
  }
}

async function useHold<Result>(hold: Hold, use: () => Result | PromiseLike<Result>): Promise<Result> {
  await using held = hold;
  const { signal } = held;
  const result = await use();
  held.remainingMs();
  signal.throwIfAborted();
  return result;
}

/** @throws TypeError, DOMException `NotSupportedError` */
function checkRequest(name: string, options: WebLockOptions, callback: unknown): void {
  const { mode = 'exclusive', ifAvailable = false, steal = false, signal } = options;
  if (typeof callback !== 'function')
    throw new TypeError(`Callback of a lock request must be a function: received ${typeof callback}`);
  if (mode !== 'exclusive' && mode !== 'shared')
    throw new TypeError(`Mode of a lock request must be "exclusive" or "shared": received ${String(mode)}`);
  if (steal) throw new DOMException('A lock of a cluster cannot be stolen', 'NotSupportedError');
  if (name.startsWith('-'))
    throw new DOMException('Names that begin with "-" are reserved', 'NotSupportedError');
  if (ifAvailable && signal !== undefined)
    throw new DOMException('The options "ifAvailable" and "signal" exclude each other', 'NotSupportedError');
}
