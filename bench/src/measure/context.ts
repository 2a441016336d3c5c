import { seededRandom } from '@quorate/core';
import { KeySet } from '../input/key-set.ts';
import type { Context } from '../suite.ts';
import type { Job } from './job.ts';

/** Makes what a contender is given; its keys and random numbers are the same in every process of a run. */
export function contextOf(job: Job, thread: Context['thread'], group: unknown): Context {
  const random = seededRandom(job.seed);
  return {
    params: job.params,
    thread,
    group,
    number(name) {
      const value = job.params[name];
      if (typeof value === 'number') return value;
      throw new TypeError(`Parameter "${name}" must be a number: received ${String(value)}`);
    },
    keys: count => KeySet.read(job.keysFile, count),
    random: label => random.fork(label),
  };
}
