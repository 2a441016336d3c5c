import * as platform from '#platform';

/**
 * How many threads of this process can make progress at once, the calling one included. At least 1.
 *
 * In Node `os.availableParallelism()`: the cores this process may run on (its affinity mask, and where the platform's library
 * supports it the container's CPU quota). In browsers `navigator.hardwareConcurrency`, which some cap for privacy. It does
 * not know what else the machine is busy with. A pool of CPU-bound workers wants one thread fewer when this thread works too.
 */
export function usefulThreads(): number {
  return platform.usefulThreads();
}
