import { exploreAll, must, type Program, walkMany } from '@quorate/interleaving';
import { expect, test } from 'vitest';
import { MutexCore } from '../../src/shared/mutex-core.ts';
import { ModelStage, type Visits, inTime, nothingLeft, walks } from './model-stage.ts';

/** Takes a permit some times. Permits of the dead count as taken until they are taken over, which is told. */
function user(
  stage: ModelStage,
  member: number,
  { visits = 1, deadlineMs, mortal = false }: Visits,
): Program {
  const permits = stage.locks[0]?.size.slots as number;
  return {
    name: `m${member}`,
    mortal,
    phases: visits,
    run() {
      const core = new MutexCore(stage.placed(member));
      const taken = inTime(() => core.take(deadlineMs === undefined ? {} : { deadlineMs }));
      if (taken === undefined) return;
      // Which permit it is does not matter, but each has one holder.
      const slot = taken >> 1;
      if ((taken & 1) !== 0) Atomics.store(stage.check, slot, 0);
      must(slot < permits && Atomics.add(stage.check, slot, 1) === 0, 'Two have one permit');
      Atomics.sub(stage.check, slot, 1);
      core.gate.release(slot);
    },
  };
}

function sweep(stage: ModelStage, member: number): () => void {
  return () => new MutexCore(stage.placed(member)).gate.sweep();
}

test('every order of two threads with one permit, of which one gives up', () => {
  const stage = new ModelStage({ kind: 'semaphore', members: 2, slots: 1, handOffEvery: 1 });
  expect(
    exploreAll(
      stage.model([user(stage, 1, {}), user(stage, 2, { deadlineMs: 5 })], { atEnd: nothingLeft(stage) }),
    ).ends,
  ).toBeGreaterThan(0);
});

test.each([1, 2])(
  'three threads with two permits, few interruptions, handed on every %i times',
  handOffEvery => {
    const stage = new ModelStage({ kind: 'semaphore', members: 3, slots: 2, handOffEvery });
    const programs = [1, 2, 3].map(member => user(stage, member, { visits: 2 }));
    const { ends } = exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) }), { preemptions: 1 });
    expect(ends).toBeGreaterThan(0);
  },
);

test('random orders of five threads with two permits, of which two die', () => {
  const stage = new ModelStage({ kind: 'semaphore', members: 6, slots: 2, handOffEvery: 2 });
  const programs = [
    user(stage, 1, { visits: 3 }),
    user(stage, 2, { visits: 3, mortal: true }),
    user(stage, 3, { visits: 3, deadlineMs: 5 }),
    user(stage, 4, { visits: 3, deadlineMs: 5, mortal: true }),
    user(stage, 5, { visits: 3 }),
    stage.undertaker(1, sweep(stage, 6)),
    stage.undertaker(2, sweep(stage, 6)),
  ];
  const model = stage.model(programs, { kills: 2, atEnd: nothingLeft(stage) });
  expect(walkMany(model, 'semaphore', walks(800))).toBeGreaterThan(0);
});
