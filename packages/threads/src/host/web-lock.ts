/** The part of the Web Locks API that tells of a worker's end. */
interface LockManager {
  request(name: string, held: () => Promise<void>): Promise<void>;
}

/** The browser's lock manager; there is none where the page is not a secure context. */
function lockManager(): LockManager | undefined {
  return (globalThis.navigator as { locks?: LockManager } | undefined)?.locks;
}

/** Holds a lock for as long as this thread lives; settles with whether it is held, which it is not where there are none. */
export function holdLock(name: string): Promise<boolean> {
  const locks = lockManager();
  if (locks === undefined) return Promise.resolve(false);
  return new Promise(resolve => {
    const held = (): Promise<void> => {
      resolve(true);
      return new Promise(() => {});
    };
    // Refused in an opaque origin, such as a sandboxed frame's.
    locks.request(name, held).catch(() => resolve(false));
  });
}

/** Settles when nobody holds the lock any more: its holder has stopped. At once where there are no locks; never rejects. */
export async function lockReleased(name: string): Promise<void> {
  try {
    await lockManager()?.request(name, () => Promise.resolve());
  } catch {
    // Locks are refused here, or the page itself is going away and nobody is left to be told wrong.
  }
}
