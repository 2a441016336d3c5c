import { defineStruct } from '@quorate/threads';
import type { Context, Kernel } from '../suite.ts';

/** A word that all threads count in, and one for each of up to 64, on cache lines of their own. */
const counters = defineStruct({ shared: 'int32' }, { isolate: true });
const own = defineStruct({ count: 'int32' }, { isolate: true });
const threadsMax = 64;
const additions = 2000;

/** The memory that the threads of a group count in. */
export function counterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(counters.size + threadsMax * own.size);
}

/** What has been counted in the shared word. */
export function countedIn(memory: SharedArrayBuffer): number {
  return Atomics.load(counters.view(memory).shared, 0);
}

/**
 * All threads add to one word by compare-and-swap, as is done where the new value follows from the old one.
 *
 * It counts retries: how often the word had changed between reading and writing it.
 */
export function compareAndSwap({ group }: Context): Kernel {
  const { shared } = counters.view(group as SharedArrayBuffer);
  let retries = 0;
  return {
    ops: additions,
    counts: () => ({ retries }),
    run() {
      let done = 0;
      for (; done < additions; done++) {
        let seen = Atomics.load(shared, 0);
        for (;;) {
          const found = Atomics.compareExchange(shared, 0, seen, (seen + 1) | 0);
          if (found === seen) break;
          seen = found;
          retries += 1;
        }
      }
      return done;
    },
  };
}

/** All threads add to one word: the processor does it in one step, and none has to try again. */
export function sharedAdd({ group }: Context): Kernel {
  return adding(counters.view(group as SharedArrayBuffer).shared, additions);
}

/** Each thread adds to a word of its own: what there is to gain. */
export function shardedAdd({ group, thread }: Context): Kernel {
  const { count } = own.view(
    group as SharedArrayBuffer,
    counters.size + (thread.index % threadsMax) * own.size,
  );
  return adding(count, 10 * additions);
}

function adding(word: Int32Array, times: number): Kernel {
  return {
    ops: times,
    run() {
      let done = 0;
      for (; done < times; done++) Atomics.add(word, 0, 1);
      return done;
    },
  };
}
