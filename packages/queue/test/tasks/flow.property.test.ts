import { type QueueStore, QuorateError } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defineTask, type TaskHandle, type Tasks, unchecked, type Work } from '../../src/index.ts';
import { shakyStore } from './shaky-store.ts';
import { TaskStand } from './task-stand.ts';

const numRuns = process.env['QUORATE_LONG'] === undefined ? 40 : 1000;

/** Flows: a stage of some width, forks and steps after it, and what goes wrong. */
interface Plan {
  readonly seed: number;
  readonly widths: readonly number[];
  /** How many tasks each of them has. */
  readonly forks: readonly number[];
  readonly pipes: number;
  /** Chances, in each attempt: to throw, to hang until its worker dies, to fail for good. */
  readonly throws: number;
  readonly hangs: number;
  readonly dooms: number;
  readonly lostAnswers: number;
  readonly refusals: number;
}

const chance = (max: number): fc.Arbitrary<number> =>
  fc.oneof(fc.constant(0), fc.double({ min: 0.01, max, noNaN: true }));

const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  widths: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 3 }),
  forks: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 2 }),
  pipes: fc.integer({ min: 0, max: 3 }),
  throws: chance(0.4),
  hangs: chance(0.05),
  dooms: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constant(0.03)),
  lostAnswers: chance(0.3),
  refusals: chance(0.2),
});

/** The effects of one run of everything: which members ran, and which failed for good. */
class Campaign {
  readonly effects: Set<string> = new Set();
  readonly doomed: Set<string> = new Set();
  readonly stand: TaskStand;
  readonly #plan: Plan;
  readonly #random;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.stand = new TaskStand(plan.seed);
    this.#random = this.stand.random.fork('campaign');
  }

  get tasks(): ReturnType<Campaign['definitions']> {
    return this.definitions();
  }

  definitions() {
    const attempt = (id: string): Promise<never> | undefined => {
      const { throws, hangs, dooms } = this.#plan;
      const fate = this.#random.float();
      if (fate < dooms) {
        this.doomed.add(id);
        throw new QuorateError('DOOMED', id);
      }
      if (fate < dooms + throws) throw new Error('again');
      if (fate < dooms + throws + hangs) return new Promise<never>(() => {});
      this.effects.add(id);
      return undefined;
    };
    const retry = { attemptsMax: Number.POSITIVE_INFINITY, delayMs: 20, delayMaxMs: 200 };
    const step = defineTask({
      name: 'step',
      input: unchecked<number>(),
      retry,
      run: (number, { id }) => attempt(id) ?? number + 1,
    });
    const join = defineTask({
      name: 'join',
      input: unchecked<{ parts: readonly number[] }>(),
      retry,
      run: ({ parts }, { id }) => attempt(id) ?? parts.reduce((sum, part) => sum + part, 0),
    });
    return { step, join };
  }

  /** A worker over a store that shakes. `kill` leaves nothing of it but its leases. */
  worker(): { readonly work: Work; readonly kill: () => Promise<void> } {
    const { lostAnswers, refusals } = this.#plan;
    const inner = this.stand.store.open();
    const store = shakyStore(inner as QueueStore, this.#random, {
      lostAnswers: lostAnswers + 1e-9,
      refusals,
    });
    const work = this.stand.tasks(this.tasks, { store }).work({
      leaseMs: 500,
      concurrency: 4,
      graceMs: 50,
      crashesMax: 1000,
      cancelPollMs: 300,
      schedules: false,
    });
    return {
      work,
      kill: async () => {
        await inner[Symbol.asyncDispose]();
      },
    };
  }
}

async function send(
  tasks: Tasks<Campaign['tasks']>,
  width: number,
  { forks, pipes }: Plan,
): Promise<{
  readonly handle: TaskHandle<unknown>;
  readonly members: readonly string[];
  readonly result: unknown;
}> {
  const inputs = Array.from({ length: width }, (_, index) => index);
  let flow = tasks.map(tasks.step, inputs).pipe(tasks.join, parts => ({ parts }));
  let result = inputs.reduce((total, input) => total + input + 1, 0);
  for (const forkWidth of forks) {
    flow = flow
      .fork(number => Array.from({ length: forkWidth }, () => tasks.step.from(number)))
      .pipe(tasks.join, parts => ({ parts }));
    result = forkWidth * (result + 1);
  }
  for (let pipe = 0; pipe < pipes; pipe++) flow = flow.pipe(tasks.step);
  const handle = await flow.send();
  const widths = [
    width,
    1,
    ...forks.flatMap(forkWidth => [forkWidth, 1]),
    ...new Array<number>(pipes).fill(1),
  ];
  const members = widths.flatMap((count, stage) =>
    Array.from({ length: count }, (_, index) => `${handle.id}.${stage}.${index}`),
  );
  return { handle, members, result: result + pipes };
}

async function carriedOut(plan: Plan): Promise<void> {
  const campaign = new Campaign(plan);
  const { stand } = campaign;
  const sender = stand.tasks(campaign.tasks);
  const flows = await Promise.all(plan.widths.map(width => send(sender, width, plan)));
  const ends = flows.map(({ handle }) =>
    handle.result().then(
      value => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  const all = Promise.all(ends);
  const state = { isOver: false };
  void all.then(() => {
    state.isOver = true;
  });
  const workers = [campaign.worker(), campaign.worker()];
  // Until all is told, and nothing is left of a flow that failed.
  for (let round = 0; !state.isOver || (await queueNames(stand)).includes('app/queue'); round++) {
    if (round > 300) throw new Error('A flow hangs');
    await stand.pass(1000, 25);
    await workers[round % 2]?.kill();
    workers[round % 2] = campaign.worker();
  }
  for (const [index, end] of (await all).entries()) {
    const flow = flows[index] as (typeof flows)[number];
    if ('value' in end) {
      // A failure whose worker died before it was settled was tried again, so that there may be one.
      expect(end.value).toBe(flow.result);
      // Each step's effect is there at least once.
      expect(flow.members.filter(id => !campaign.effects.has(id))).toEqual([]);
    } else {
      expect(end.error).toMatchObject({ code: 'TASK_FAILED', cause: { code: 'DOOMED' } });
      expect(flow.members).toContain((end.error as { cause: Error }).cause.message);
      expect([...campaign.doomed]).toContain((end.error as { cause: Error }).cause.message);
    }
  }
  for (const { kill } of workers) await kill();
}

async function queueNames({ store }: TaskStand): Promise<readonly string[]> {
  return (await store.inspect.queues('app/')).items;
}

test('flows end right whatever fails, dies and gets lost on the way', async () => {
  await fc.assert(fc.asyncProperty(plans, carriedOut), { numRuns });
}, 600_000);
