/** The part of the Web Locks API that tells of a worker's end. */
interface LockManager {
  request(name: string, held: () => Promise<void>): Promise<void>;
}

/** The browser's lock manager; there is none where the page is not a secure context. */
function lockManager(): LockManager | undefined {
  return (globalThis.navigator as { locks?: LockManager } | undefined)?.locks;
}

/** Holds a lock for as long as this thread lives; settles when it is held. */
export function holdLock(name: string): Promise<void> {
  const locks = lockManager();
  if (locks === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const held = (): Promise<void> => {
      resolve();
      return new Promise(() => {});
    };
    locks.request(name, held).catch(reject);
  });
}

/** Settles when nobody holds the lock any more: its holder has stopped. Never rejects. */
export async function lockReleased(name: string): Promise<void> {
  try {
    await lockManager()?.request(name, () => Promise.resolve());
  } catch {
    // The page itself is going away; nobody is left to be told wrong.
  }
}
