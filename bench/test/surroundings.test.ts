import { describe, expect, it } from 'vitest';
import { profiles } from '../src/run/profile.ts';
import { type ContestOutcome, runContests, sampleCount } from '../src/run/schedule.ts';
import { type Bench, defineSuite, type Surroundings } from '../src/suite.ts';
import { anyKernel, contestOf, sampleOf } from './outcomes.ts';

const bench: Bench = {
  name: 'b',
  params: { size: [3] },
  unchecked: 'it is a test',
  contenders: { one: anyKernel, two: anyKernel },
};

/** What happened, in order. */
class Stage {
  readonly steps: string[] = [];

  readonly surroundings = async (): Promise<Surroundings> => {
    this.steps.push('begin');
    return {
      environment: { PLACE: 'here' },
      [Symbol.asyncDispose]: async () => void this.steps.push('end'),
    };
  };

  async run(chosen: Bench, signal: AbortSignal = new AbortController().signal): Promise<ContestOutcome> {
    const [outcome] = await runContests([contestOf(chosen)], {
      profile: { ...profiles.quick, rounds: 2 },
      seed: 1,
      keysFile: '/keys',
      signal,
      measure: async (_, environment) => {
        this.steps.push(environment['PLACE'] ?? 'nowhere');
        return sampleOf({});
      },
    });
    return outcome as ContestOutcome;
  }
}

describe('surroundings of a bench', () => {
  it('begin before the first process, are in the environment of each, and end after the last', async () => {
    const stage = new Stage();
    await stage.run({ ...bench, surroundings: stage.surroundings });
    expect(stage.steps).toEqual(['begin', 'here', 'here', 'here', 'here', 'end']);
  });

  it('are not there for benches that want none', async () => {
    const stage = new Stage();
    await stage.run(bench);
    expect(stage.steps).toEqual(['nowhere', 'nowhere', 'nowhere', 'nowhere']);
  });

  it('do not begin where every row is skipped', async () => {
    const stage = new Stage();
    const contest = contestOf({ ...bench, surroundings: stage.surroundings });
    const rows = contest.rows.map(row => ({ ...row, skipped: 'no reason' }));
    await runContests([{ ...contest, rows }], {
      profile: profiles.quick,
      seed: 1,
      keysFile: '/keys',
      signal: new AbortController().signal,
      measure: async () => sampleOf({}),
    });
    expect(stage.steps).toEqual([]);
  });

  it('end where the run is interrupted', async () => {
    const stage = new Stage();
    const interrupted = new AbortController();
    const surroundings = async (): Promise<Surroundings> => {
      const made = await stage.surroundings();
      interrupted.abort(new Error('interrupted'));
      return made;
    };
    await expect(stage.run({ ...bench, surroundings }, interrupted.signal)).rejects.toThrow('interrupted');
    expect(stage.steps).toEqual(['begin', 'end']);
  });

  it('fail every row where they cannot begin, with the reason', async () => {
    const stage = new Stage();
    const surroundings = async (): Promise<Surroundings> => {
      throw new Error('no server today');
    };
    const { rows } = await stage.run({ ...bench, surroundings });
    expect(rows.map(({ failure }) => failure)).toEqual(['no server today', 'no server today']);
    expect(stage.steps).toEqual([]);
  });

  it('must not be wanted by a bench that the regression check runs, which has none', () => {
    const { unchecked: _, ...checked } = bench;
    const suite = { name: 's', about: '', benches: [{ ...checked, surroundings: new Stage().surroundings }] };
    expect(() => defineSuite(suite)).toThrow('Bench "s/b" has surroundings and must say why it is unchecked');
  });
});

describe('a slow bench', () => {
  it('has half as many processes', () => {
    const contest = contestOf({ ...bench, slow: true });
    expect(sampleCount([contest], { ...profiles.full, rounds: 15 })).toBe(2 * 8);
    expect(sampleCount([contestOf(bench)], { ...profiles.full, rounds: 15 })).toBe(2 * 15);
  });
});
