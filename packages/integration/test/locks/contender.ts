import { readFileSync, writeFileSync } from 'node:fs';
import { createLocks, type Lock } from '@quorate/lock';
import { errorCode } from '@quorate/core';
import { openStore, type StoreAddress } from '../engines.ts';
import type { Answer, Order, Report } from './contender-process.ts';
import { JumpingClock } from './jumping-clock.ts';

/** A process that does with locks what it is told over its channel to the process that started it. */
const [addressText = '', ttlText = ''] = process.argv.slice(2);
const clock = new JumpingClock();
const store = await openStore(JSON.parse(addressText) as StoreAddress, clock);
const locks = createLocks({ store, clock, ttlMs: Number(ttlText), deadlockCheckMs: 200 });
const task = locks.task(`process ${process.pid}`);
const held = new Map<string, Lock>();

const tell = (report: Report): void => void process.send?.(report);

const orders: { readonly [Kind in Order['do']]: (order: Extract<Order, { do: Kind }>) => Promise<Answer> } = {
  async acquire({ name, deadlineMs }) {
    const lock = await locks.mutex(name).acquire({ deadlineMs, task });
    held.set(name, lock);
    lock.signal.addEventListener('abort', () => {
      tell({ told: 'lost', name, remainingMs: lock.remainingMs(), code: errorCode(lock.signal.reason) });
    });
    return { fence: `${lock.fence}` };
  },
  async release({ name }) {
    await held.get(name)?.release();
    held.delete(name);
    return {};
  },
  /** Looks that it holds the lock, is stopped, and writes when it goes on, without looking again. */
  async stallThenWrite({ name }) {
    const lock = held.get(name) as Lock;
    lock.assertHeld();
    process.kill(process.pid, 'SIGSTOP');
    tell({ told: 'write', name, fence: `${lock.fence}` });
    // One turn of the event loop is all that it may take to learn of it: its timers come between two immediates.
    await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
    return { isLost: lock.signal.aborted };
  },
  async count({ name, times, file }) {
    const fences: string[] = [];
    for (let time = 0; time < times; time++) {
      await using lock = await locks.mutex(name).acquire({ task });
      // Reads, yields and writes: two at once would lose a count.
      const before = Number(readFileSync(file, 'utf8'));
      await new Promise(resolve => setImmediate(resolve));
      writeFileSync(file, `${before + 1}`);
      fences.push(`${lock.fence}`);
    }
    return { fences };
  },
  async check({ name }) {
    const lock = held.get(name) as Lock;
    return { isLost: lock.signal.aborted, remainingMs: lock.remainingMs() };
  },
  async jump({ byMs }) {
    clock.jump(byMs);
    return {};
  },
  async close() {
    await locks[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    process.disconnect?.();
    return {};
  },
};

process.on('message', (order: Order) => {
  void (orders[order.do] as (order: Order) => Promise<Answer>)(order).then(
    answer => process.connected && tell({ told: 'answer', id: order.id, answer }),
    (thrown: Error) =>
      tell({ told: 'failure', id: order.id, code: errorCode(thrown), message: thrown.message }),
  );
});
tell({ told: 'ready' });
