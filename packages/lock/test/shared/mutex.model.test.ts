import { seededRandom } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { MutexCore } from '../../src/shared/mutex-core.ts';
import { MutexHold, ownerDiedFlag } from '../../src/shared/mutex-hold.ts';
import { ModelStage, atRandom, must } from './model-stage.ts';
import { type Program, exploreAll, walk } from './step-model.ts';

/** Takes the mutex some times; each time it must be alone in there, or be told that somebody died there. */
function visitor(stage: ModelStage, member: number, visits: number, options: { deadlineMs?: number; mortal?: boolean } = {}): Program {
  const { deadlineMs, mortal = false } = options;
  return {
    name: `m${member}`,
    mortal,
    phases: visits,
    run() {
      const core = new MutexCore(stage.placed(member));
      const taken = takeUntil(core, deadlineMs);
      if (taken === undefined) return;
      const hold = new MutexHold(core, (taken & ownerDiedFlag) !== 0);
      if (hold.ownerDied) {
        Atomics.store(stage.check, 0, 0);
        hold.consistent();
      }
      must(Atomics.add(stage.check, 0, 1) === 0, 'Two are in, or a death was not told');
      Atomics.sub(stage.check, 0, 1);
      hold.release();
    },
  };
}

function takeUntil(core: MutexCore, deadlineMs: number | undefined): number | undefined {
  try {
    return core.take(deadlineMs === undefined ? {} : { deadlineMs });
  } catch (thrown) {
    if ((thrown as { code?: string }).code === 'DEADLINE_EXCEEDED') return undefined;
    throw thrown;
  }
}

/** Nobody is in the room, nobody has the mutex, and it is handed to nobody, unless that died last of all. */
function allIsLeft(stage: ModelStage): (words: Int32Array, dead: readonly boolean[]) => void {
  return (words, dead) => {
    const { owners, states } = stage.locks[0]?.words ?? {};
    const at = (view: Int32Array, index: number): number => words[view.byteOffset / 4 + index] as number;
    const owner = at(owners as Int32Array, 0);
    must(owner === 0 || dead[owner - 1] === true, `Mutex stays taken: ${owner}`);
    for (let cell = 0; cell < (states as Int32Array).length; cell++)
      must(at(states as Int32Array, cell) === 0, `Cell ${cell} stays taken`);
  };
}

describe('every order of steps', () => {
  test.each([1, 2])('two threads, handing on every %i times', handOffEvery => {
    const stage = new ModelStage({ kind: 'mutex', members: 2, handOffEvery });
    const model = stage.model([visitor(stage, 1, 1), visitor(stage, 2, 1)], { atEnd: allIsLeft(stage) });
    const { states, ends } = exploreAll(model);
    expect(states).toBeGreaterThan(1000);
    expect(ends).toBeGreaterThan(0);
    console.log(states, ends);
  });

  test('two threads, one of which gives up at any time', () => {
    const stage = new ModelStage({ kind: 'mutex', members: 2, handOffEvery: 1 });
    const programs = [visitor(stage, 1, 1), visitor(stage, 2, 1, { deadlineMs: 5 })];
    console.log(exploreAll(stage.model(programs, { atEnd: allIsLeft(stage) }), {}));
  });

  test('two threads, one of which dies at any step', () => {
    const stage = new ModelStage({ kind: 'mutex', members: 3, handOffEvery: 1 });
    const programs = [
      visitor(stage, 1, 1),
      visitor(stage, 2, 1, { mortal: true }),
      stage.undertaker(1, () => new MutexCore(stage.placed(3)).gate.sweep()),
    ];
    console.log(exploreAll(stage.model(programs, { kills: 1, atEnd: allIsLeft(stage) }), {}));
  });
});

test('many orders of four threads that give up and die', () => {
  const stage = new ModelStage({ kind: 'mutex', members: 5, handOffEvery: 2 });
  const programs = [
    visitor(stage, 1, 3),
    visitor(stage, 2, 3, { mortal: true }),
    visitor(stage, 3, 3, { deadlineMs: 5 }),
    visitor(stage, 4, 3, { deadlineMs: 5, mortal: true }),
    stage.undertaker(1, () => new MutexCore(stage.placed(5)).gate.sweep()),
    stage.undertaker(2, () => new MutexCore(stage.placed(5)).gate.sweep()),
  ];
  const model = stage.model(programs, { kills: 2, atEnd: allIsLeft(stage) });
  for (let seed = 0; seed < 500; seed++) walk(model, atRandom(seededRandom(`mutex ${seed}`)));
});
