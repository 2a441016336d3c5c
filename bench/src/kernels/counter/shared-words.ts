import {
  attachSharedCounter,
  attachStripedCounter,
  createSharedCounter,
  createStripedCounter,
} from '@quorate/counter/shared';
import { defineStruct } from '@quorate/threads';
import type { Context, Kernel } from '../../suite.ts';

const additions = 20_000;
const threadsMax = 64;
const own32 = defineStruct({ count: 'int32' }, { isolate: true });
const own64 = defineStruct({ count: 'int64' }, { isolate: true });

/** What the threads of a group count in. */
interface Memory {
  readonly shared: SharedArrayBuffer;
  readonly striped: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}

export function counterWords(): Memory {
  return {
    shared: createSharedCounter().buffer,
    striped: createStripedCounter({ stripes: threadsMax }).buffer,
    words: new SharedArrayBuffer(threadsMax * own64.size),
  };
}

export function stripedAdd({ group }: Context): Kernel {
  const counter = attachStripedCounter((group as Memory).striped);
  return {
    ops: additions,
    run() {
      let done = 0;
      for (; done < additions; done++) counter.add(1);
      return done;
    },
  };
}

export function sharedPost({ group }: Context): Kernel {
  const counter = attachSharedCounter((group as Memory).shared);
  return {
    ops: additions,
    run() {
      let done = 0;
      for (; done < additions; done++) counter.post(1);
      return done;
    },
  };
}

/** What there is to reach: the processor's own addition, of 32 bits, on a cache line of each thread. */
export function bareAdd32({ group, thread }: Context): Kernel {
  const { count } = own32.view((group as Memory).words, (thread.index % threadsMax) * own32.size);
  return {
    ops: additions,
    run() {
      let done = 0;
      for (; done < additions; done++) Atomics.add(count, 0, 1);
      return done;
    },
  };
}

/** The same, of 64 bits. */
export function bareAdd64({ group, thread }: Context): Kernel {
  const { count } = own64.view((group as Memory).words, (thread.index % threadsMax) * own64.size);
  return {
    ops: additions,
    run() {
      let done = 0;
      for (; done < additions; done++) Atomics.add(count, 0, 1n);
      return done;
    },
  };
}
