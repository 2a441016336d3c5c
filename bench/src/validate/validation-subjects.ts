import type { Random } from '@quorate/core';
import type { FoundSuite } from '../discover.ts';
import { type Subject, subjectName } from '../check/subject.ts';
import type { Rule } from '../statistics/decide.ts';
import type { Params } from '../suite.ts';

/**
 * How many benches in twenty of a changed run are slower by so many percent; one that is faster is slowed in base instead. Most
 * stay the same, as in a change that somebody makes.
 */
const changes = [
  { percent: 5, weight: 3 },
  { percent: 10, weight: 3 },
  { percent: -5, weight: 1 },
] as const;

/** A bench, and by how many percent head is slower in it. */
export interface KnownSubject {
  readonly subject: Subject;
  readonly percent: number;
}

/** All benches of the suite `validation`, each with the change that is drawn for it; 0 for none. */
export function validationSubjects(
  { suite, url }: FoundSuite,
  rule: Rule,
  changeOf: () => number,
): KnownSubject[] {
  return suite.benches.map(bench => {
    const contender = Object.keys(bench.contenders)[0] ?? '';
    const params = { slowdown: 0 };
    const percent = changeOf();
    const subject: Subject = {
      name: subjectName(suite.name, bench.name, contender, params, undefined),
      suite: suite.name,
      url,
      bench,
      contender,
      params,
      armParams: armParams(percent),
      threads: 1,
      rule,
      presence: 'both',
    };
    return { subject, percent };
  });
}

function armParams(percent: number): { base: Params; head: Params } {
  return { base: { slowdown: Math.max(0, -percent) }, head: { slowdown: Math.max(0, percent) } };
}

/** Draws the change of a bench, in percent. */
export function drawChange(random: Random): number {
  const turn = random.below(20);
  let sum = 0;
  for (const { percent, weight } of changes) {
    sum += weight;
    if (turn < sum) return percent;
  }
  return 0;
}
