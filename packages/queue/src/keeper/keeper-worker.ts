import { type LeaseHandle, type QueueStore, systemClock } from '@quorate/core';
import { type Service, serve, type WorkerContext } from '@quorate/threads/worker';
import { KeeperCore, type KeptWork, type LeaseList } from './keeper-core.ts';

/** Which function opens the keeper's own store. */
export interface KeeperData {
  readonly module: string;
  readonly export: string;
}

/** What the keeper's thread answers. */
export type KeeperMethods = {
  readonly begin: (work: KeptWork) => void;
  readonly add: (list: LeaseList) => void;
  readonly replace: (list: LeaseList) => readonly LeaseHandle[];
  readonly end: (work: number) => void;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

export const keeperService: Service<KeeperMethods, KeeperData> = serve(
  async (worker: WorkerContext<KeeperData>): Promise<KeeperMethods> => {
    const store = await openStore(worker.data);
    const works = new Map<number, KeeperCore>();
    return {
      begin: work => void works.set(work.work, new KeeperCore(store, systemClock, work)),
      add: list => works.get(list.work)?.add(list),
      replace: list => works.get(list.work)?.replace(list) ?? [],
      end(work) {
        works.get(work)?.[Symbol.dispose]();
        works.delete(work);
      },
      async [Symbol.asyncDispose]() {
        for (const core of works.values()) core[Symbol.dispose]();
        await store[Symbol.asyncDispose]();
      },
    };
  },
);

/** @throws TypeError */
async function openStore({ module, export: name }: KeeperData): Promise<QueueStore> {
  const exports = (await import(module)) as Readonly<Record<string, unknown>>;
  const open = exports[name];
  if (typeof open !== 'function')
    throw new TypeError(
      `Module of a lease keeper must export a function "${name}" that opens a store: ${module} has none`,
    );
  return (await open()) as QueueStore;
}
