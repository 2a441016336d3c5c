import { exploreAll, must, type Program, walkMany } from '@quorate/interleaving';
import { describe, expect, test } from 'vitest';
import { ReadWriteCore } from '../../src/shared/read-write-core.ts';
import { ReadHold, WriteHold } from '../../src/shared/read-write-holds.ts';
import { ModelStage, type Visits, inTime, nothingLeft, walks } from './model-stage.ts';

/** Two words that are equal whenever nobody writes, unless a writer died. */
const [left, right] = [0, 1];

function writer(
  stage: ModelStage,
  member: number,
  { visits = 1, deadlineMs, mortal = false }: Visits,
): Program {
  return {
    name: `w${member}`,
    mortal,
    phases: visits,
    run() {
      const core = new ReadWriteCore(stage.placed(member));
      const taken = inTime(() => core.write(deadlineMs === undefined ? {} : { deadlineMs }));
      if (taken === undefined) return;
      const hold = new WriteHold(core, taken);
      const before = Atomics.load(stage.check, left);
      if (hold.ownerDied) {
        Atomics.store(stage.check, right, before);
        hold.consistent();
      }
      must(Atomics.add(stage.check, left, 1) === before, 'Two write');
      must(Atomics.add(stage.check, right, 1) === before, 'Two write, or a death was not told');
      hold.release();
    },
  };
}

function reader(
  stage: ModelStage,
  member: number,
  { visits = 1, deadlineMs, mortal = false }: Visits,
): Program {
  return {
    name: `r${member}`,
    mortal,
    phases: visits,
    run() {
      const core = new ReadWriteCore(stage.placed(member));
      const read = inTime(() => {
        if (deadlineMs !== undefined || !core.enterFree(true))
          core.read(deadlineMs === undefined ? {} : { deadlineMs });
        return true;
      });
      if (read === undefined) return;
      const hold = new ReadHold(core);
      const isEqual = Atomics.load(stage.check, left) === Atomics.load(stage.check, right);
      must(isEqual || hold.ownerDied, 'Read in the middle of a write');
      hold.release();
    },
  };
}

function sweep(stage: ModelStage, member: number): () => void {
  return () => new ReadWriteCore(stage.placed(member)).sweep();
}

describe('every order of steps', () => {
  test('a reader and a writer', () => {
    const stage = new ModelStage({ kind: 'read-write lock', members: 2, handOffEvery: 1 });
    expect(
      exploreAll(stage.model([writer(stage, 1, {}), reader(stage, 2, {})], { atEnd: nothingLeft(stage) }))
        .ends,
    ).toBeGreaterThan(0);
  });

  test('a reader and a writer that gives up', () => {
    const stage = new ModelStage({ kind: 'read-write lock', members: 2, handOffEvery: 1 });
    const programs = [writer(stage, 1, { deadlineMs: 5 }), reader(stage, 2, {})];
    expect(exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) })).ends).toBeGreaterThan(0);
  });
});

test.each(['reader', 'writer'])('a reader and a writer, few interruptions: the %s dies', who => {
  const stage = new ModelStage({ kind: 'read-write lock', members: 3, handOffEvery: 1 });
  const programs = [
    writer(stage, 1, { mortal: who === 'writer' }),
    reader(stage, 2, { mortal: who === 'reader' }),
    stage.undertaker(1, sweep(stage, 3)),
  ];
  expect(
    exploreAll(stage.model(programs, { kills: 1, atEnd: nothingLeft(stage) }), { preemptions: 2 }).ends,
  ).toBeGreaterThan(0);
});

test('two writers and a reader, few interruptions', () => {
  const stage = new ModelStage({ kind: 'read-write lock', members: 3, handOffEvery: 1 });
  const programs = [writer(stage, 1, {}), writer(stage, 2, {}), reader(stage, 3, {})];
  expect(
    exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) }), { preemptions: 2 }).ends,
  ).toBeGreaterThan(0);
});

test('random orders of two writers and three readers, of which some give up and two die', () => {
  const stage = new ModelStage({ kind: 'read-write lock', members: 6, handOffEvery: 2 });
  const programs = [
    writer(stage, 1, { visits: 3, mortal: true }),
    writer(stage, 2, { visits: 3, deadlineMs: 5 }),
    reader(stage, 3, { visits: 3 }),
    reader(stage, 4, { visits: 3, mortal: true }),
    reader(stage, 5, { visits: 3, deadlineMs: 5 }),
    stage.undertaker(1, sweep(stage, 6)),
    stage.undertaker(2, sweep(stage, 6)),
  ];
  const model = stage.model(programs, { kills: 2, atEnd: nothingLeft(stage) });
  expect(walkMany(model, 'read-write', walks(400))).toBeGreaterThan(0);
});
