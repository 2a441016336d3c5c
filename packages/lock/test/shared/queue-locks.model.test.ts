import { exploreAll, must, type Program, walkMany } from '@quorate/interleaving';
import { describe, expect, test } from 'vitest';
import { McsCore } from '../../src/shared/mcs-lock.ts';
import { TicketCore } from '../../src/shared/ticket-lock.ts';
import { ModelStage, walks } from './model-stage.ts';

const kinds = {
  'ticket lock': (stage: ModelStage, member: number): (() => () => void) => {
    const core = new TicketCore(stage.placed(member));
    return () => {
      const ticket = core.take();
      return () => core.release(ticket);
    };
  },
  'MCS lock': (stage: ModelStage, member: number): (() => () => void) => {
    const core = new McsCore(stage.placed(member));
    return () => {
      core.take();
      return () => core.release();
    };
  },
} as const;

describe.each(['ticket lock', 'MCS lock'] as const)('%s', kind => {
  function program(stage: ModelStage, member: number, visits: number): Program {
    return {
      name: `m${member}`,
      phases: visits,
      run() {
        const release = kinds[kind](stage, member)();
        must(Atomics.add(stage.check, 0, 1) === 0, 'Two are in');
        Atomics.sub(stage.check, 0, 1);
        release();
      },
    };
  }

  test.each([
    [2, 3],
    [3, 1],
  ])('every order of %i threads, %i visits each', (members, visits) => {
    const stage = new ModelStage({ kind, members, cells: 4 });
    const programs = Array.from({ length: members }, (_, index) => program(stage, index + 1, visits));
    expect(exploreAll(stage.model(programs)).ends).toBeGreaterThan(0);
  });

  test('random orders of five threads', () => {
    const stage = new ModelStage({ kind, members: 5, cells: 2 });
    const programs = [1, 2, 3, 4, 5].map(member => program(stage, member, 4));
    expect(walkMany(stage.model(programs), kind, walks(500))).toBeGreaterThan(0);
  });
});
