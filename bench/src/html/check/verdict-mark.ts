import type { CanaryReport, Outcome } from '../../check/check-report.ts';
import type { Fate } from '../../check/report/digest.ts';
import { element, escape } from '../markup.ts';

interface Mark {
  readonly path: string;
  readonly hollow?: true;
}

const circle = (radius: number): string =>
  `M${-radius} 0a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;
const up = 'M0 -6L6 5H-6Z';

/** A fate, or that all is as it should be. */
export type MarkName = Fate | 'passed';

/** Around 0, some 12 wide. A verdict is told by its shape as much as by its colour: up is slower, down is faster. */
const marks: Readonly<Record<MarkName, Mark>> = {
  passed: { path: 'M-6 0.5L-2 4.5L6 -4.5', hollow: true },
  failed: { path: 'M-5 -5L5 5M5 -5L-5 5', hollow: true },
  regression: { path: up },
  inconclusive: { path: 'M0 -6.5L6.5 0L0 6.5L-6.5 0Z', hollow: true },
  unmeasured: { path: circle(5), hollow: true },
  possible: { path: up, hollow: true },
  improvement: { path: 'M0 6L6 -5H-6Z' },
  incomparable: { path: 'M-5 -5H5V5H-5Z', hollow: true },
  unchanged: { path: circle(4) },
};

/** The mark alone, for a place in a drawing that is at 0, 0 or moved there. */
export function verdictMark(fate: MarkName): string {
  const { path, hollow } = marks[fate];
  return element('path', { d: path, class: `mark f-${fate}${hollow === true ? ' hollow' : ''}` });
}

/** The mark in a line of text; whoever cannot see it reads the word that stands beside it. */
export function verdictIcon(fate: MarkName): string {
  const attributes = { class: 'icon', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' };
  return element('svg', attributes, verdictMark(fate));
}

/** Mark and word. */
export function verdictBadge(fate: MarkName, text: string = fate): string {
  return element('span', { class: `badge f-${fate}` }, verdictIcon(fate), escape(text));
}

/** A canary that is caught as it should be is no regression. */
export function canaryBadge({ passed }: CanaryReport): string {
  return passed ? verdictBadge('passed') : verdictBadge('inconclusive', 'not passed');
}

/** The verdict of a run looks like the fate of a subject that brings it about. */
export const outcomeFates: Readonly<Record<Outcome['verdict'], MarkName>> = {
  ok: 'passed',
  regression: 'regression',
  inconclusive: 'inconclusive',
  failed: 'failed',
};
