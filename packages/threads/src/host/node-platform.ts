import { availableParallelism } from 'node:os';

export { nodeThreads as threads } from './node-thread.ts';

/** How many threads can make progress at once. */
export function usefulThreads(): number {
  return availableParallelism();
}

/** Longer than any process lives; fires into nothing every 24 days. */
const forEverMs = 0x7fff_ffff;

let holders = 0;
let handle: ReturnType<typeof setInterval> | undefined;

/** Keeps the thread alive until disposed. All holders share one timer. */
export function holdOpen(): Disposable {
  handle ??= setInterval(() => {}, forEverMs);
  if (holders++ === 0) handle.ref();
  let held = true;
  return {
    [Symbol.dispose](): void {
      if (!held) return;
      held = false;
      if (--holders === 0) handle?.unref();
    },
  };
}
