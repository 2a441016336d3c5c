import { locks as webLocks } from 'node:worker_threads';
import { createLocalLocks, type Lock } from '@quorate/lock';
import { Mutex } from 'async-mutex';
import type { Kernel } from '../../suite.ts';

const pairs = 500;

/** Acquires and releases what nobody else wants. */
export function ours(): Kernel {
  const mutex = createLocalLocks().mutex('order:42');
  return {
    ops: pairs,
    async run() {
      let held = 0;
      for (let count = 0; count < pairs; count++) {
        const lock = await mutex.acquire();
        held += lock.remainingMs() > 0 ? 1 : 0;
        await lock.release();
      }
      return held;
    },
  };
}

export function asyncMutex(): Kernel {
  const mutex = new Mutex();
  return {
    ops: pairs,
    async run() {
      let held = 0;
      for (let count = 0; count < pairs; count++) {
        const release = await mutex.acquire();
        held += mutex.isLocked() ? 1 : 0;
        release();
      }
      return held;
    },
  };
}

/** Node's own, which several threads share: they cost a task of the event loop. */
export function platformLocks(): Kernel {
  return {
    ops: pairs,
    async run() {
      let held = 0;
      for (let count = 0; count < pairs; count++) {
        held += await webLocks.request('order:42', lock => (lock === null ? 0 : 1));
      }
      return held;
    },
  };
}

/** Somebody holds it while all others come; then each lets go as soon as it has it. Times the coming and the going. */
function drain(waiters: number, come: (count: number, isLast: () => void) => Promise<void>): Kernel {
  return {
    ops: waiters,
    run: async () => {
      let gone = 0;
      await new Promise<void>((resolve, reject) => {
        const isLast = (): void => {
          gone += 1;
          if (gone === waiters) resolve();
        };
        come(waiters, isLast).catch(reject);
      });
      return gone;
    },
  };
}

export function drainOurs(waiters: number): Kernel {
  const mutex = createLocalLocks().mutex('order:42');
  return drain(waiters, async (count, isLast) => {
    const first = await mutex.acquire();
    const serve = (lock: Lock): void => {
      isLast();
      void lock.release();
    };
    for (let index = 0; index < count; index++) void mutex.acquire().then(serve);
    await first.release();
  });
}

export function drainAsyncMutex(waiters: number): Kernel {
  const mutex = new Mutex();
  return drain(waiters, async (count, isLast) => {
    const first = await mutex.acquire();
    const serve = (release: () => void): void => {
      isLast();
      release();
    };
    for (let index = 0; index < count; index++) void mutex.acquire().then(serve);
    first();
  });
}

/** The least that a line of promises costs: each is resolved by the one before it. It is no lock. */
export function drainChain(waiters: number): Kernel {
  return drain(waiters, async (count, isLast) => {
    const resolves: (() => void)[] = [];
    let turn = 0;
    const serve = (): void => {
      isLast();
      resolves[++turn]?.();
    };
    for (let index = 0; index < count; index++) {
      void new Promise<void>(resolve => void resolves.push(resolve)).then(serve);
    }
    resolves[0]?.();
  });
}
