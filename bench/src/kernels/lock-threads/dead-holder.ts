import { ThreadMutex } from '@quorate/lock/shared';
import { createTeam, parkAsync, spawn } from '@quorate/threads';
import { median } from '../../statistics/quantile.ts';
import type { Quantity } from '../../suite.ts';
import type { holderThread } from './holder-thread.ts';

/**
 * A thread holds the mutex, another blocks for it, and the first is terminated: time from then until the other has it and knows
 * that the owner died, ns; the median of some deaths. How long Node takes to stop a thread is in it.
 */
export async function deadHolder(deaths: number): Promise<Quantity> {
  const team = createTeam();
  const mutex = ThreadMutex.create({ team, member: team.join() });
  const times = new BigInt64Array(new SharedArrayBuffer(8));
  const turn = new Int32Array(new SharedArrayBuffer(4));
  const open = () =>
    spawn<typeof holderThread>(new URL('holder-thread.ts', import.meta.url), {
      team,
      data: { place: mutex.place, times, turn },
    });
  const tookNs: number[] = [];
  for (let death = 0; death < deaths; death++) {
    const [holder, successor] = await Promise.all([open(), open()]);
    await holder.call('keep');
    const succeeds = successor.call('succeed');
    while (mutex.describe().waiters === 0) await new Promise(resolve => setImmediate(resolve));
    Atomics.store(turn, 0, 0);
    const start = process.hrtime.bigint();
    void holder.terminate();
    while (Atomics.load(turn, 0) === 0) await parkAsync(turn, 0, 0);
    if (!(await succeeds)) throw new Error('Successor must be told that the owner died: it was not');
    tookNs.push(Number((times[0] as bigint) - start));
    await successor.close();
  }
  return { quantity: median(tookNs) };
}
