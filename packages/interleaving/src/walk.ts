import { type Random, seededRandom } from '@quorate/core';
import { type Choice, type Model, ModelFailure } from './model.ts';
import { Stepper } from './stepper.ts';

/**
 * Goes one way to the end, chosen by `choose`.
 *
 * @returns how many steps it took
 * @throws ModelFailure, also where there is no end within `stepsMax`
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

/** Chooses at random; kills and deadlines are rarer than steps. */
function atRandom(random: Random): (choices: readonly Choice[]) => Choice {
  let last: number | undefined;
  return choices => {
    const live = choices.filter(({ what }) => what === 'step');
    const odd = choices.filter(({ what }) => what !== 'step');
    if (odd.length > 0 && (live.length === 0 || random.uint32() % 40 === 0)) {
      const some = odd.filter(({ what }) => live.length > 0 || what !== 'kill');
      return some[random.uint32() % some.length] as Choice;
    }
    // Threads run on for a while, as they do: otherwise all are always in the middle of everything.
    const same = live.find(({ thread }) => thread === last);
    if (same !== undefined && random.uint32() % 4 !== 0) return same;
    const choice = live[random.uint32() % live.length] as Choice;
    last = choice.thread;
    return choice;
  };
}

/**
 * Goes so many ways to the end, chosen at random; the same ones for the same label.
 *
 * @returns how many steps that took
 * @throws ModelFailure
 */
export function walkMany(model: Model, label: string, count: number): number {
  let steps = 0;
  for (let seed = 0; seed < count; seed++) steps += walk(model, atRandom(seededRandom(`${label} ${seed}`)));
  return steps;
}
