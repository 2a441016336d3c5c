import { type Journal, ManualClock, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk, type CrashKind } from './crash-disk.ts';
import { cloneModel, difference, freshModel, type Model, prepare, randomStep } from './workload.ts';

const runs = process.env['QUORATE_LONG'] === undefined ? 60 : 5000;

function open(disk: CrashDisk, seed = 1): Promise<Journal> {
  const clock = new ManualClock();
  return openJournal({ disk, segmentBytes: 65_536, cacheBytes: 4096, clock, random: seededRandom(seed) });
}

interface Run {
  /** What holds after each number of steps. */
  readonly states: Model[];
  acknowledged: number;
}

/** Makes calls, several at once where they are writes, until they are made or the machine ends. */
async function drive(disk: CrashDisk, seed: number, steps: number, start: Model): Promise<Run> {
  const random = seededRandom(seed);
  const model = cloneModel(start);
  const run: Run = { states: [cloneModel(model)], acknowledged: 0 };
  const work = async (): Promise<void> => {
    const journal = await open(disk);
    let pending: Promise<void>[] = [];
    for (let count = 0; count < steps; count++) {
      const step = randomStep(random);
      const alone = step.type !== 'write';
      if (alone) await Promise.all(pending);
      const call = prepare(step, model);
      run.states.push(cloneModel(model));
      const done = call(journal).then(() => {
        run.acknowledged = count + 1;
      });
      pending.push(done);
      if (alone || pending.length > random.below(5)) {
        await Promise.all(pending);
        pending = [];
      }
    }
    await Promise.all(pending);
    await journal[Symbol.asyncDispose]();
  };
  await Promise.race([work(), disk.crashed]);
  return run;
}

/** Finds the state that a machine comes back to among those that it may come back to. */
async function recovered(disk: CrashDisk, { states, acknowledged }: Run): Promise<Model> {
  const journal = await open(disk);
  let reason: string | undefined;
  for (const state of states.slice(acknowledged)) {
    reason = await difference(journal, state);
    if (reason !== undefined) continue;
    await journal[Symbol.asyncDispose]();
    return state;
  }
  throw new Error(`After ${acknowledged} of ${states.length - 1} steps: ${reason}`);
}

describe('a crash', () => {
  test.each([
    ['all', false],
    ['none', false],
    ['any', false],
    ['none', true],
    ['any', true],
  ] as const)(
    'at every call that changes something loses nothing acknowledged: unsynced writes survive: %s; durable writes: %s',
    async (kind: CrashKind, durably) => {
      const whole = new CrashDisk({ durably });
      await drive(whole, 7, 60, freshModel());
      expect(whole.names.some(name => name.startsWith('segment-00000001'))).toBe(false); // some were given back
      for (let call = 1; call <= whole.calls; call++) {
        const disk = new CrashDisk({ durably });
        disk.crashAt = call;
        const run = await drive(disk, 7, 60, freshModel());
        await recovered(disk.after(kind, seededRandom(call)), run);
      }
    },
  );

  test('again and again, at any call, leaves a journal that goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            seed: fc.nat(),
            at: fc.integer({ min: 1, max: 250 }),
            atOnce: fc.boolean(),
            durably: fc.boolean(),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async lives => {
          let disk = new CrashDisk();
          let model = freshModel();
          for (const { seed, at, atOnce, durably } of lives) {
            disk.crashAt = at;
            const run = await drive(disk, seed, 40, model);
            const random = seededRandom(seed);
            const kind = (['all', 'none', 'any'] as const)[random.below(3)] as CrashKind;
            const next = disk.after(kind, random, { atOnce, durably });
            // A crash in the middle of recovery must not matter either.
            next.crashAt = 1 + random.below(6);
            const attempt = open(next).then(journal => journal[Symbol.asyncDispose]());
            await Promise.race([attempt, next.crashed]);
            disk = next.after('any', random, { atOnce, durably });
            model = await recovered(disk, run);
          }
        },
      ),
      { numRuns: runs },
    );
  }, 120_000);
});
