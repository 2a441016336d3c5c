export { webThreads as threads } from './web-thread.ts';

/** How many threads can make progress at once, as far as the browser tells. */
export function usefulThreads(): number {
  return Math.max(1, globalThis.navigator?.hardwareConcurrency ?? 1);
}

/** Browsers do not end a thread that waits. */
export function holdOpen(): Disposable {
  return { [Symbol.dispose](): void {} };
}
