/** Somebody who competes for a lock, with connections of his own. */
export interface Contender {
  /** Waits for the lock, and gives it back by what it returns. */
  acquire(): Promise<() => Promise<void>>;
}

/** A crowd of contenders for one lock. */
export interface Crowd extends AsyncDisposable {
  readonly contenders: readonly Contender[];
}

export type OpenCrowd = (count: number) => Promise<Crowd>;
