import { type Choice, exploreAll, walk, walkMany } from '@quorate/interleaving';
import { describe, expect, test } from 'vitest';
import { MutexCore } from '../../src/shared/mutex-core.ts';
import { ModelStage, nothingLeft, visitor, walks } from './model-stage.ts';

/** Cleans up as whoever watches for deaths does. */
function sweep(stage: ModelStage, member: number): () => void {
  return () => new MutexCore(stage.placed(member)).gate.sweep();
}

describe('every order of steps', () => {
  test.each([1, 2])('two threads, handed on every %i times', handOffEvery => {
    const stage = new ModelStage({ kind: 'mutex', members: 2, handOffEvery });
    const programs = [visitor(stage, 1, {}), visitor(stage, 2, {})];
    expect(exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) })).ends).toBeGreaterThan(5);
  });

  test('two threads, one of which gives up at any time', () => {
    const stage = new ModelStage({ kind: 'mutex', members: 2, handOffEvery: 1 });
    const programs = [visitor(stage, 1, {}), visitor(stage, 2, { deadlineMs: 5 })];
    expect(exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) })).ends).toBeGreaterThan(0);
  });

  test.each([1, 2])('two threads, one of which dies at any step; handed on every %i times', handOffEvery => {
    const stage = new ModelStage({ kind: 'mutex', members: 3, handOffEvery });
    const programs = [
      visitor(stage, 1, {}),
      visitor(stage, 2, { mortal: true }),
      stage.undertaker(1, sweep(stage, 3)),
    ];
    expect(exploreAll(stage.model(programs, { kills: 1, atEnd: nothingLeft(stage) })).ends).toBeGreaterThan(
      0,
    );
  });
});

describe('every order with few interruptions', () => {
  test.each([
    [1, 3, {}],
    [2, 3, {}],
    [1, 2, { deadlineMs: 5 }],
    [2, 2, { deadlineMs: 5 }],
  ])(
    'two threads that come back, handed on every %i times, %i interruptions',
    (handOffEvery, preemptions, more) => {
      const stage = new ModelStage({ kind: 'mutex', members: 2, handOffEvery });
      const programs = [visitor(stage, 1, { visits: 2, ...more }), visitor(stage, 2, { visits: 2 })];
      expect(
        exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) }), { preemptions }).ends,
      ).toBeGreaterThan(0);
    },
  );

  test.each([1, 2])('three threads, handed on every %i times', handOffEvery => {
    const stage = new ModelStage({ kind: 'mutex', members: 3, handOffEvery });
    const programs = [1, 2, 3].map(member => visitor(stage, member, { visits: 2 }));
    expect(
      exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) }), { preemptions: 1 }).ends,
    ).toBeGreaterThan(0);
  });

  test('three threads, one of which gives up and one dies', () => {
    const stage = new ModelStage({ kind: 'mutex', members: 4, handOffEvery: 1 });
    const programs = [
      visitor(stage, 1, {}),
      visitor(stage, 2, { mortal: true }),
      visitor(stage, 3, { deadlineMs: 5 }),
      stage.undertaker(1, sweep(stage, 4)),
    ];
    expect(
      exploreAll(stage.model(programs, { kills: 1, atEnd: nothingLeft(stage) }), { preemptions: 1 }).ends,
    ).toBeGreaterThan(0);
  });
});

test('random orders of four threads that give up and die, twice', () => {
  const stage = new ModelStage({ kind: 'mutex', members: 5, handOffEvery: 2 });
  const programs = [
    visitor(stage, 1, { visits: 3 }),
    visitor(stage, 2, { visits: 3, mortal: true }),
    visitor(stage, 3, { visits: 3, deadlineMs: 5 }),
    visitor(stage, 4, { visits: 3, deadlineMs: 5, mortal: true }),
    stage.undertaker(1, sweep(stage, 5)),
    stage.undertaker(2, sweep(stage, 5)),
  ];
  const model = stage.model(programs, { kills: 2, atEnd: nothingLeft(stage) });
  expect(walkMany(model, 'mutex', walks(800))).toBeGreaterThan(0);
});

test.each([1, 3, 8])('who waits is overtaken at most so often as hand-offs are apart: %i', handOffEvery => {
  const stage = new ModelStage({ kind: 'mutex', members: 2, handOffEvery });
  const greedyVisits = 3 * handOffEvery + 10;
  let overtaken = 0;
  let isIn = false;
  const greedy = visitor(stage, 1, { visits: greedyVisits });
  const patient = visitor(stage, 2, {});
  const model = stage.model([
    {
      ...greedy,
      run(phase) {
        greedy.run(phase);
        if (!isIn) overtaken++;
      },
    },
    {
      ...patient,
      run(phase) {
        patient.run(phase);
        isIn = true;
      },
    },
  ]);
  // The greedy one runs whenever it is out of the mutex or has just been made to wait; the other one only while that is taken.
  const { owners } = stage.locks[0]?.words ?? {};
  walk(model, (choices: readonly Choice[]) => {
    const other = choices.find(({ thread }) => thread === 1);
    const first = choices.find(({ thread }) => thread === 0);
    const isTaken = owners?.[0] === 1;
    return ((isTaken ? other : first) ?? choices[0]) as Choice;
  });
  expect(isIn).toBe(true);
  expect(overtaken).toBeLessThanOrEqual(handOffEvery + 1);
});
