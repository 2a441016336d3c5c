import { StoreHost, type StoreHostOptions } from './store-host.ts';

interface Shared {
  readonly host: Promise<StoreHost>;
  users: number;
}

/** The hosts of this thread, by the path of their database. */
const shared = new Map<string, Shared>();

/** A host in use. Disposing gives it back; the last who does closes it. */
export interface HostLease extends AsyncDisposable {
  readonly host: StoreHost;
}

/** The thread's host of a database, which is opened for the first client and serves all: LMDB forbids a second one. */
export async function leaseHost(options: StoreHostOptions): Promise<HostLease> {
  const path = options.folder.database;
  let entry = shared.get(path);
  if (entry === undefined) {
    entry = { host: closing(path).then(() => StoreHost.open(options)), users: 0 };
    shared.set(path, entry);
  }
  const mine = entry;
  mine.users++;
  const giveBack = async (): Promise<void> => {
    if (--mine.users > 0) return;
    shared.delete(path);
    const closed = mine.host.then(
      host => host[Symbol.asyncDispose](),
      () => {},
    );
    beingClosed.set(path, closed);
    try {
      await closed;
    } finally {
      if (beingClosed.get(path) === closed) beingClosed.delete(path);
    }
  };
  try {
    const host = await mine.host;
    return { host, [Symbol.asyncDispose]: giveBack };
  } catch (thrown) {
    await giveBack();
    throw thrown;
  }
}

/** Hosts on their way out: the next of the same database begins after them. */
const beingClosed = new Map<string, Promise<void>>();

async function closing(path: string): Promise<void> {
  await beingClosed.get(path)?.catch(() => {});
}
