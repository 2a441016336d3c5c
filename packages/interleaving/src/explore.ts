import type { Choice, Model } from './model.ts';
import { type State, Stepper } from './stepper.ts';

/** What a search has seen. */
export interface Explored {
  readonly states: number;
  readonly ends: number;
}

export interface ExploreOptions {
  /** Default 250 000. */
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
