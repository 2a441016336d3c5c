import type { Backend } from '../backend.ts';
import type { ThreadsOptions } from '../threads.ts';

/** What Node and browsers each do their own way. `#platform` in package.json chooses. */
export interface Platform {
  threads(options: ThreadsOptions): Backend;
  usefulThreads(): number;
  /** Keeps the thread alive until disposed. */
  holdOpen(): Disposable;
}
