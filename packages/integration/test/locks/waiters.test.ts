import { FaultyStore, type StoreFaults } from '@quorate/conformance';
import type { Store } from '@quorate/core';
import { createLocks, type Lock, type Locks, type Mutex } from '@quorate/lock';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineName, type EngineStand, engines, openStore, startEngine } from '../engines.ts';
import { ContenderProcess } from './contender-process.ts';

const ttlMs = 4000;
const isLong = process.env['QUORATE_LONG'] !== undefined;

/**
 * How many stand in the store's own line, each with a session and an entry there. A partition on NATS has room for a thousand or two:
 * it must fit half a message.
 */
const standing: Readonly<Record<EngineName, number>> = isLong
  ? { lmdb: 10_000, redis: 10_000, nats: 1000, postgres: 10_000 }
  : { lmdb: 500, redis: 500, nats: 150, postgres: 300 };

/** What those hear who hear nothing, and of no death. */
const deaf: readonly StoreFaults[] = [
  { watch: 'muted', blind: true },
  ...(isLong ? [{ watch: 'resync', blind: true } as const] : []),
];

interface Waiting {
  readonly controller: AbortController;
  readonly outcome: Promise<unknown>;
}

function wait(mutex: Mutex): Waiting {
  const controller = new AbortController();
  const outcome = mutex.acquire({ signal: controller.signal }).catch((thrown: unknown) => thrown);
  return { controller, outcome };
}

/** Head, middle and tail give up, and then everybody but those who stand behind each of these. */
async function giveUp(waiting: readonly Waiting[]): Promise<readonly number[]> {
  const last = waiting.length - 1;
  const middle = last >> 1;
  const survivors = [1, middle + 1, last - 1];
  for (const index of [0, last, middle]) waiting[index]?.controller.abort();
  for (const [index, { controller }] of waiting.entries()) {
    if (!survivors.includes(index)) controller.abort();
  }
  for (const [index, { outcome }] of waiting.entries()) {
    if (survivors.includes(index)) continue;
    expect(await outcome).toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
  }
  return survivors;
}

/** Those who are left have the lock one after the other, in the order of their coming. */
async function takeTurns(waiting: readonly Waiting[], survivors: readonly number[]): Promise<void> {
  const turns: number[] = [];
  const fences: bigint[] = [];
  await Promise.all(
    survivors.map(async index => {
      const lock = (await waiting[index]?.outcome) as Lock;
      turns.push(index);
      fences.push(lock.fence);
      await lock.release();
    }),
  );
  expect(turns).toEqual(survivors);
  expect(fences).toEqual(fences.toSorted((one, other) => (one < other ? -1 : 1)));
}

for (const { name: engine, program } of engines) {
  const reason = program === undefined ? undefined : skipReason(program);
  const why = reason === undefined ? '' : `, ${reason}`;
  describe.skipIf(reason !== undefined)(
    `waiters for locks on ${engine} (needs it${why})`,
    { timeout: isLong ? 900_000 : 90_000 },
    () => {
      let stand: EngineStand;
      let names = 0;
      const fresh = (): string => `waited-for-${++names}`;

      beforeAll(async () => {
        stand = await startEngine(engine);
      }, 60_000);
      afterAll(() => stand[Symbol.asyncDispose]());

      const entries = async (store: Store, name: string): Promise<number> =>
        (await store.list(`lock.mutex.${name}/`)).entries.length;

      test('10,000 of one process that give up at head, middle and tail leave nothing behind', async () => {
        const name = fresh();
        await using store = await openStore(stand.address);
        await using other = await openStore(stand.address);
        await using holders = createLocks({ store, ttlMs: 120_000 });
        await using locks = createLocks({ store: other, ttlMs: 120_000 });
        const held = await holders.mutex(name).acquire();
        const waiting = Array.from({ length: 10_000 }, () => wait(locks.mutex(name)));
        const survivors = await giveUp(waiting);
        // One entry stands in the store's line for all who wait here.
        expect(await entries(store, name)).toBeLessThanOrEqual(2);
        await held.release();
        await takeTurns(waiting, survivors);
        await expect.poll(() => entries(store, name), { timeout: 30_000 }).toBe(0);
      });

      const count = standing[engine];
      test(`${count} that stand in the store's line and give up at head, middle and tail leave nothing behind`, async () => {
        const name = fresh();
        await using store = await openStore(stand.address);
        await using other = await openStore(stand.address);
        await using holders = createLocks({ store, ttlMs: 120_000 });
        const held = await holders.mutex(name).acquire();
        const managers: Locks[] = [];
        const waiting: Waiting[] = [];
        for (let from = 0; from < count; from += 50) {
          for (let index = from; index < Math.min(from + 50, count); index++) {
            const locks = createLocks({ store: other, ttlMs: 120_000 });
            managers.push(locks);
            waiting.push(wait(locks.mutex(name)));
          }
          const standingNow = Math.min(1 + waiting.length, 1000);
          await expect.poll(() => entries(store, name), { timeout: 30_000 }).toBe(standingNow);
        }
        const survivors = await giveUp(waiting);
        await expect.poll(() => entries(store, name), { timeout: 60_000 }).toBe(1 + survivors.length);
        await held.release();
        // Those who stand there at once came at once: any order is theirs.
        const locks = (await Promise.all(
          survivors.map(async index => {
            const lock = (await waiting[index]?.outcome) as Lock;
            await lock.release();
            return lock;
          }),
        )) as readonly Lock[];
        const fences = locks.map(({ fence }) => fence);
        expect(fences.every(fence => fence > held.fence)).toBe(true);
        expect(new Set(fences).size).toBe(survivors.length);
        await expect.poll(() => entries(store, name), { timeout: 30_000 }).toBe(0);
        await Promise.all(managers.map(manager => manager[Symbol.asyncDispose]()));
      });

      test.for(deaf)(
        'have it though nothing is told to them (%o): when it is given back, and when its holder is killed',
        async faults => {
          const name = fresh();
          await using store = new FaultyStore(await openStore(stand.address), faults);
          await using locks = createLocks({ store, ttlMs });
          await using holder = await ContenderProcess.start(stand.address, ttlMs);
          const { fence: first = '' } = await holder.tell({ do: 'acquire', name });
          const waiting = locks.mutex(name).acquire();
          await expect.poll(() => entries(store, name), { timeout: 10_000 }).toBe(2);
          await holder.tell({ do: 'release', name });
          const second = await waiting;
          expect(second.fence).toBeGreaterThan(BigInt(first));
          await second.release();
          const { fence: third = '' } = await holder.tell({ do: 'acquire', name });
          const again = locks.mutex(name).acquire();
          await expect.poll(() => entries(store, name), { timeout: 10_000 }).toBe(2);
          await holder.kill();
          const last = await again;
          expect(last.fence).toBeGreaterThan(BigInt(third));
          await last.release();
        },
      );
    },
  );
}
