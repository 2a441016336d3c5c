import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineStand, engines, startEngine } from '../engines.ts';
import { type Answer, ContenderProcess } from './contender-process.ts';

/** Of those whose holders die, or stand still for so long. */
const ttlMs = 1500;

/** Of those that have to keep what they hold, also where the machine stands still for a while. */
const lastingMs = 5000;
const hourMs = 3_600_000;
const isLinux = process.platform === 'linux';

/** A resource that remembers the highest fence that it has seen, and refuses less; or one that does not look. */
class Resource {
  readonly written: bigint[] = [];
  readonly refused: bigint[] = [];
  readonly #isFenced: boolean;

  constructor(isFenced: boolean) {
    this.#isFenced = isFenced;
  }

  write(fence: bigint): void {
    const last = this.written.at(-1) ?? -1n;
    if (this.#isFenced && fence < last) this.refused.push(fence);
    else this.written.push(fence);
  }

  /** Whether somebody wrote after a later holder had. */
  get isStale(): boolean {
    return this.written.some((fence, index) => index > 0 && fence < (this.written[index - 1] as bigint));
  }
}

/** Acquires, and where the store cannot be reached tries again. */
async function untilHeld(contender: ContenderProcess, name: string): Promise<Answer> {
  for (;;) {
    try {
      return await contender.tell({ do: 'acquire', name });
    } catch (thrown) {
      if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
    }
  }
}

/** Acquires one lock, and releases another however that ended. */
async function acquireThenRelease(contender: ContenderProcess, wanted: string, held: string): Promise<void> {
  try {
    await contender.tell({ do: 'acquire', name: wanted });
  } finally {
    await contender.tell({ do: 'release', name: held });
  }
}

for (const { name: engine, program } of engines) {
  const reason = program === undefined ? undefined : skipReason(program);
  const why = reason === undefined ? '' : `, ${reason}`;
  describe.skipIf(reason !== undefined)(
    `locks of several processes on ${engine} (needs it${why})`,
    { timeout: 90_000 },
    () => {
      let stand: EngineStand;
      let names = 0;
      const fresh = (): string => `name ${++names}`;
      const start = (ms = ttlMs): Promise<ContenderProcess> => ContenderProcess.start(stand.address, ms);

      beforeAll(async () => {
        stand = await startEngine(engine);
      }, 60_000);
      afterAll(() => stand[Symbol.asyncDispose]());

      test('exclude each other, and their fences grow', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'quorate-locks-test-'));
        const file = join(folder, 'count');
        writeFileSync(file, '0');
        await using one = await start(lastingMs);
        await using two = await start(lastingMs);
        await using three = await start(lastingMs);
        const order = { do: 'count', name: fresh(), times: 40, file } as const;
        const answers = await Promise.all([one, two, three].map(each => each.tell(order)));
        const fences = answers.flatMap(answer => answer.fences ?? []).map(BigInt);
        expect(readFileSync(file, 'utf8')).toBe('120');
        expect(new Set(fences).size).toBe(120);
        for (const answer of answers) {
          const own = (answer.fences ?? []).map(BigInt);
          expect(own).toEqual(own.toSorted((a, b) => Number(a - b)));
        }
        rmSync(folder, { recursive: true });
      });

      test('pass to the next when their holder is killed, with a later fence', async () => {
        const name = fresh();
        await using holder = await start();
        await using waiter = await start();
        const { fence: first = '' } = await holder.tell({ do: 'acquire', name });
        const waiting = waiter.tell({ do: 'acquire', name });
        await holder.kill();
        const { fence: second = '' } = await waiting;
        expect(BigInt(second)).toBeGreaterThan(BigInt(first));
      });

      test('pass over a waiter that is killed', async () => {
        const name = fresh();
        await using holder = await start(lastingMs);
        await using dead = await start();
        await using waiter = await start(lastingMs);
        await holder.tell({ do: 'acquire', name });
        dead.tell({ do: 'acquire', name }).catch(() => {});
        await expect(dead.tell({ do: 'acquire', name, deadlineMs: 300 })).rejects.toMatchObject({
          code: 'DEADLINE_EXCEEDED',
        });
        const waiting = waiter.tell({ do: 'acquire', name });
        await dead.kill();
        await holder.tell({ do: 'release', name });
        expect((await waiting).fence).toBeDefined();
      });

      test.for([{ isFenced: true }, { isFenced: false }])(
        'a holder that stood still writes nothing stale where the resource looks at fences (%o)',
        async ({ isFenced }, { skip }) => {
          skip(!isLinux, 'needs /proc to see that a process stands still');
          const name = fresh();
          const resource = new Resource(isFenced);
          await using holder = await start();
          await using next = await start();
          await holder.tell({ do: 'acquire', name });
          const stalled = holder.tell({ do: 'stallThenWrite', name });
          await holder.untilStopped();
          const { fence = '' } = await next.tell({ do: 'acquire', name });
          resource.write(BigInt(fence));
          holder.goOn();
          const { isLost } = await stalled;
          const [write] = holder.reports.filter(({ told }) => told === 'write');
          if (write?.told === 'write') resource.write(BigInt(write.fence));
          // Within one turn it knows; but it had written before.
          expect(isLost).toBe(true);
          expect(resource.isStale).toBe(!isFenced);
          expect(resource.refused.length).toBe(isFenced ? 1 : 0);
        },
      );

      test('stay with one holder when wall clocks are set by an hour', async () => {
        const name = fresh();
        await using holder = await start(lastingMs);
        await using waiter = await start(lastingMs);
        const { fence: first = '' } = await holder.tell({ do: 'acquire', name });
        const waiting = waiter.tell({ do: 'acquire', name });
        // Back: nothing is lost by it. The time to live goes by the monotonic clock.
        await holder.tell({ do: 'jump', byMs: -hourMs });
        await waiter.tell({ do: 'jump', byMs: -hourMs });
        expect((await holder.tell({ do: 'check', name })).isLost).toBe(false);
        // Forward: the machine may have slept for so long, so the holder gives the lock up before anybody else has it.
        await holder.tell({ do: 'jump', byMs: 2 * hourMs });
        expect((await holder.tell({ do: 'check', name })).remainingMs).toBe(0);
        const { fence: second = '' } = await waiting;
        expect(BigInt(second)).toBeGreaterThan(BigInt(first));
        expect((await holder.tell({ do: 'check', name })).isLost).toBe(true);
      });

      test('that are asked for crosswise are found, and one of both goes on', async () => {
        const [a, b] = [fresh(), fresh()];
        await using one = await start(lastingMs);
        await using two = await start(lastingMs);
        await one.tell({ do: 'acquire', name: a });
        await two.tell({ do: 'acquire', name: b });
        const crossed = await Promise.allSettled([
          acquireThenRelease(one, b, a),
          acquireThenRelease(two, a, b),
        ]);
        const failed = crossed.filter(({ status }) => status === 'rejected');
        expect(failed).toHaveLength(1);
        expect((failed[0] as PromiseRejectedResult).reason).toMatchObject({ code: 'DEADLOCK' });
        expect(String((failed[0] as PromiseRejectedResult).reason)).toContain(`"${a}"`);
      });

      test.skipIf(engine === 'lmdb')(
        'survive the death of the server, with at most one holder (needs an engine with a server)',
        async () => {
          const name = fresh();
          await using holder = await start();
          await using waiter = await start();
          const { fence: first = '' } = await holder.tell({ do: 'acquire', name });
          const waiting = untilHeld(waiter, name);
          await stand.server?.kill();
          await stand.server?.restart();
          // Whether it still holds the lock or has lost it meanwhile, it says so truthfully, and lets go.
          await holder.tell({ do: 'release', name }).catch(() => {});
          const { fence: second = '' } = await waiting;
          expect(BigInt(second)).toBeGreaterThan(BigInt(first));
        },
      );

      test('leave nothing behind that keeps a process alive', async () => {
        await using one = await start();
        await one.tell({ do: 'acquire', name: fresh() });
        const ended = one.ended();
        one.tell({ do: 'close' }).catch(() => {});
        expect(await ended).toBe(0);
      });
    },
  );
}
