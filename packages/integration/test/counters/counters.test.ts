import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createCounters } from '@quorate/counter';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineStand, engines, openStore, startEngine } from '../engines.ts';
import type { Said } from './adder.ts';

const program = fileURLToPath(new URL('adder.ts', import.meta.url));

/** A process that adds, and what it has said so far. */
class Adder implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly values: string[] = [];
  asked = 0;
  readonly #failed: Promise<never>;
  #isDone = false;

  constructor(args: readonly string[]) {
    this.child = fork(program, args, { stdio: 'inherit' });
    this.#failed = once(this.child, 'exit').then(() => {
      throw new Error('The adder ended before it said what was waited for');
    });
    this.#failed.catch(() => {});
    this.child.on('message', (said: Said) => {
      if (said.said === 'asks') this.asked++;
      if (said.said === 'added') this.values.push(said.value ?? '');
      if (said.said === 'done') this.#isDone = true;
    });
  }

  get acknowledged(): number {
    return this.values.length;
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await Promise.race([once(this.child, 'message'), this.#failed]);
  }

  async ended(): Promise<unknown> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
    // What it said last may come after that, and even after the channel is seen to be closed.
    while (this.child.exitCode === 0 && !this.#isDone) await once(this.child, 'message');
    return this.child.signalCode ?? this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }
}

for (const { name: engine, program: server } of engines) {
  const reason = server === undefined ? undefined : skipReason(server);
  const why = reason === undefined ? '' : `, ${reason}`;
  describe.skipIf(reason !== undefined)(
    `counters of several processes on ${engine} (needs it${why})`,
    { timeout: 90_000 },
    () => {
      let stand: EngineStand;
      beforeAll(async () => {
        stand = await startEngine(engine);
      }, 60_000);
      afterAll(() => stand[Symbol.asyncDispose]());

      test('count what was acknowledged once, and of what a killed process had asked for at most all', async () => {
        const name = 'killed';
        const start = (times: number): Adder => new Adder([JSON.stringify(stand.address), name, `${times}`]);
        await using dying = start(100_000);
        await using one = start(120);
        await using two = start(120);
        await dying.until(() => dying.acknowledged >= 20);
        dying.child.kill('SIGKILL');
        await dying.ended();
        expect(await one.ended()).toBe(0);
        expect(await two.ended()).toBe(0);
        await using store = await openStore(stand.address);
        await using counters = createCounters({ store });
        const total = Number(await counters.counter(name).get());
        const adders = [dying, one, two];
        const acknowledged = adders.reduce((sum, each) => sum + each.acknowledged, 0);
        const asked = adders.reduce((sum, each) => sum + each.asked, 0);
        expect(total).toBeGreaterThanOrEqual(acknowledged);
        expect(total).toBeLessThanOrEqual(asked);
        // No two were told the same value, or given the same number.
        const told = adders.flatMap(({ values }) => values.map(value => value.split(' ')));
        expect(new Set(told.map(([value]) => value)).size).toBe(told.length);
        expect(new Set(told.map(([, number]) => number)).size).toBe(told.length);
      });

      test.skipIf(engine === 'lmdb')(
        'count each addition once while their server is killed and started (needs an engine with a server)',
        async () => {
          const name = 'restarted';
          const start = (): Adder => new Adder([JSON.stringify(stand.address), name, '200']);
          await using one = start();
          await using two = start();
          await Promise.all([one, two].map(each => each.until(() => each.acknowledged >= 20)));
          await stand.server?.kill();
          await stand.server?.restart();
          expect([await one.ended(), await two.ended()]).toEqual([0, 0]);
          await using store = await openStore(stand.address);
          await using counters = createCounters({ store });
          // What was refused was asked for again, so all were acknowledged.
          expect(one.acknowledged + two.acknowledged).toBe(400);
          expect(await counters.counter(name).get()).toBe(400n);
        },
      );
    },
  );
}
