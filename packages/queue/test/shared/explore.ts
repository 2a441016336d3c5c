import { type Choice, type Model, ModelFailure, type State, Stepper } from './step-model.ts';

/** What a search has seen. */
export interface Explored {
  readonly states: number;
  readonly ends: number;
}

export interface ExploreOptions {
  readonly statesMax?: number;
  /**
   * How often a thread may be interrupted that could go on. Default: always. Few are enough to show most errors (Musuvathi and
   * Qadeer 2007, "Iterative context bounding").
   */
  readonly preemptions?: number;
}

/**
 * Goes to every state that there is.
 *
 * @throws ModelFailure; RangeError where there are more than `statesMax`, so that no search passes for complete that is not
 */
export function exploreAll(
  model: Model,
  { statesMax = 250_000, preemptions = Number.POSITIVE_INFINITY }: ExploreOptions = {},
): Explored {
  const stepper = new Stepper(model);
  return stepper.within(() => {
    const seen = new Set<string>();
    let ends = 0;
    const trail: { choice: Choice | undefined; state: State; rest: Choice[] }[] = [];
    const schedule = (): Choice[] => trail.flatMap(({ choice }) => choice ?? []);
    const enter = (choice: Choice | undefined, state: State): void => {
      const key = stepper.key(state);
      if (seen.has(key)) return;
      if (seen.add(key).size > statesMax) throw new RangeError(`Model has more than ${statesMax} states`);
      const rest = stepper.choices(state);
      trail.push({ choice, state, rest });
      if (rest.every(({ what }) => what === 'kill')) {
        ends++;
        stepper.checkEnd(state, schedule());
      }
    };
    enter(undefined, stepper.start(preemptions));
    for (let last = trail.at(-1); last !== undefined; last = trail.at(-1)) {
      const choice = last.rest.pop();
      if (choice === undefined) trail.pop();
      else
        enter(
          choice,
          stepper.apply(last.state, choice, () => [...schedule(), choice]),
        );
    }
    return { states: seen.size, ends };
  });
}

/**
 * Goes one way to the end, chosen by `choose`.
 *
 * @returns how many steps it took
 */
export function walk(
  model: Model,
  choose: (choices: readonly Choice[], step: number) => Choice,
  stepsMax = 20_000,
): number {
  const stepper = new Stepper(model);
  return stepper.within(() => {
    const schedule: Choice[] = [];
    let state = stepper.start(Number.POSITIVE_INFINITY);
    while (schedule.length < stepsMax) {
      const choices = stepper.choices(state);
      const live = choices.filter(({ what }) => what !== 'kill');
      if (live.length === 0) {
        stepper.checkEnd(state, schedule);
        return schedule.length;
      }
      const choice = choose(choices, schedule.length);
      schedule.push(choice);
      state = stepper.apply(state, choice, () => schedule);
    }
    throw new ModelFailure(
      `No end within ${stepsMax} steps`,
      schedule.slice(-50),
      model.programs.map(({ name }) => name),
    );
  });
}
