import * as platform from '#platform';
import type { Backend } from './backend.ts';

/** What Node lets one choose for its worker threads. Browsers have none of it and refuse it with `UNSUPPORTED`. */
export interface ThreadsOptions {
  /** Limits of the thread's JavaScript engine; a thread that exceeds them ends with `reason: 'threw'`. */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number;
    readonly maxYoungGenerationSizeMb?: number;
    readonly codeRangeSizeMb?: number;
    readonly stackSizeMb?: number;
  };
  /**
   * Node's command-line options for the thread. Default: the process's own, among which `--input-type` (a program from
   * `--eval`) keeps every worker from starting: hand in `[]` there.
   */
  readonly execArgv?: readonly string[];
  /** The thread's environment. Default: a copy of the spawner's. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs each worker in a thread of its own: `worker_threads` in Node, a module `Worker` in browsers. */
export function threads(options: ThreadsOptions = {}): Backend {
  return platform.threads(options);
}
