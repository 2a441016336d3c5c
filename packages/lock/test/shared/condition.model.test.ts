import { exploreAll, must, type Program, walkMany } from '@quorate/interleaving';
import { expect, test } from 'vitest';
import { MutexCore } from '../../src/shared/mutex-core.ts';
import { MutexHold, ownerDiedFlag } from '../../src/shared/mutex-hold.ts';
import { ConditionCore } from '../../src/shared/thread-condition.ts';
import { ModelStage, type Visits, nothingLeft, walks } from './model-stage.ts';

/** How many things there are to take. */
const things = 0;

function locked(
  stage: ModelStage,
  member: number,
  body: (hold: MutexHold, condition: ConditionCore) => void,
): void {
  const core = new MutexCore(stage.placed(member, 0));
  const { lock, seat } = stage.placed(member, 1);
  const hold = new MutexHold(core, (core.take({}) & ownerDiedFlag) !== 0);
  body(hold, new ConditionCore(lock, seat));
  // A single word is always whole.
  hold.consistent();
  hold.release();
}

/** Makes as many things as it is asked for, and tells of each. */
function producer(stage: ModelStage, member: number, count: number, mortal = false): Program {
  return {
    name: `p${member}`,
    phases: count,
    mortal,
    run: () => {
      locked(stage, member, (_, condition) => {
        Atomics.add(stage.check, things, 1);
        condition.notifyOne();
      });
    },
  };
}

function consumer(
  stage: ModelStage,
  member: number,
  { visits = 1, deadlineMs, mortal = false }: Visits,
): Program {
  return {
    name: `c${member}`,
    mortal,
    phases: visits,
    run: () => {
      locked(stage, member, (hold, condition) => {
        while (Atomics.load(stage.check, things) === 0) {
          hold.consistent();
          const result = condition.wait(hold, deadlineMs === undefined ? {} : { deadlineMs });
          must(hold.isHeld, 'The mutex is not held after a wait');
          if (result === 'timed-out') return;
        }
        must(Atomics.sub(stage.check, things, 1) > 0, 'Two took one thing');
      });
    },
  };
}

function pair(members: number, handOffEvery = 1): ModelStage {
  return new ModelStage({ kind: 'mutex', members, handOffEvery }, { kind: 'condition', members });
}

function sweep(stage: ModelStage, member: number): () => void {
  return () => {
    new MutexCore(stage.placed(member, 0)).gate.sweep();
    const { lock, seat } = stage.placed(member, 1);
    new ConditionCore(lock, seat).sweep();
  };
}

test('a consumer and a producer, few interruptions', () => {
  const stage = pair(2);
  const programs = [consumer(stage, 1, { visits: 2 }), producer(stage, 2, 2)];
  const { ends } = exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) }), { preemptions: 3 });
  expect(ends).toBeGreaterThan(0);
});

test('two consumers and a producer, few interruptions', () => {
  const stage = pair(3);
  const programs = [consumer(stage, 1, {}), consumer(stage, 2, {}), producer(stage, 3, 2)];
  expect(
    exploreAll(stage.model(programs, { atEnd: nothingLeft(stage) }), { preemptions: 1 }).ends,
  ).toBeGreaterThan(0);
});

test('a notification that somebody had who gave up or died goes to the other: few interruptions', () => {
  // One thing more than is taken by who lives: who dies may have taken one.
  const dies = pair(4);
  const mortals = [
    consumer(dies, 1, {}),
    consumer(dies, 2, { mortal: true }),
    producer(dies, 3, 2),
    dies.undertaker(1, sweep(dies, 4)),
  ];
  expect(
    exploreAll(dies.model(mortals, { kills: 1, atEnd: nothingLeft(dies) }), { preemptions: 0 }).ends,
  ).toBeGreaterThan(0);
  const givesUp = pair(3);
  const impatient = [
    consumer(givesUp, 1, {}),
    consumer(givesUp, 2, { deadlineMs: 5 }),
    producer(givesUp, 3, 2),
  ];
  expect(
    exploreAll(givesUp.model(impatient, { atEnd: nothingLeft(givesUp) }), { preemptions: 1 }).ends,
  ).toBeGreaterThan(0);
});

/** Who waits for a thing may do so for ever, if there is none. */
function nothingLeftToTake(stage: ModelStage): (words: Int32Array) => boolean {
  return words => words[stage.check.byteOffset / 4 + things] === 0;
}

test('one thing, two consumers of whom one dies: it is not left lying while the other sleeps', () => {
  const stage = pair(4);
  const programs = [
    consumer(stage, 1, {}),
    consumer(stage, 2, { mortal: true }),
    producer(stage, 3, 1),
    stage.undertaker(1, sweep(stage, 4)),
  ];
  const model = stage.model(programs, { kills: 1, maySleep: nothingLeftToTake(stage) });
  expect(exploreAll(model, { preemptions: 0 }).ends).toBeGreaterThan(0);
});

test('a producer dies at any step: what it has made is not left lying', () => {
  const stage = pair(3);
  const programs = [
    consumer(stage, 1, {}),
    producer(stage, 2, 1, true),
    stage.undertaker(1, sweep(stage, 3)),
  ];
  const model = stage.model(programs, { kills: 1, maySleep: nothingLeftToTake(stage) });
  expect(exploreAll(model, { preemptions: 2 }).ends).toBeGreaterThan(0);
});

test('random orders of three consumers and two producers, one of whom dies and one gives up', () => {
  const stage = pair(6, 2);
  const programs = [
    consumer(stage, 1, { visits: 2 }),
    consumer(stage, 2, { visits: 2, mortal: true }),
    consumer(stage, 3, { visits: 2, deadlineMs: 5 }),
    producer(stage, 4, 3),
    producer(stage, 5, 3),
    stage.undertaker(1, sweep(stage, 6)),
  ];
  const model = stage.model(programs, { kills: 1, atEnd: nothingLeft(stage) });
  expect(walkMany(model, 'condition', walks(400))).toBeGreaterThan(0);
});
