import { formatGoal, formatRatio, formatRatioInterval } from '../report/format.ts';
import type { RatioRow } from '../report/report.ts';
import { drawing, element, label, line, tip } from './markup.ts';
import { logScale, type Scale } from './scale.ts';

const width = 960;
const left = 300;
const right = 190;
const rowHeight = 30;
const top = 26;

/**
 * Ratios with their intervals on a logarithmic axis around 1: left of 1 the first named is ahead. A goal is a mark that the
 * interval is to lie left of.
 */
export function renderForest(ratios: readonly RatioRow[]): string {
  if (ratios.length === 0) return '';
  const values = ratios.flatMap(({ lo, hi, goal }) => [lo, hi, ...(goal === undefined ? [] : [goal.atMost])]);
  const scale = logScale(
    Math.min(0.8, ...values) / 1.15,
    Math.max(1.25, ...values) * 1.15,
    left,
    width - right,
  );
  const names = namesOf(ratios);
  const bottom = top + ratios.length * rowHeight;
  return drawing(
    width,
    bottom + 24,
    `Ratios: ${ratios.map(r => `${r.of} by ${r.to} ${formatRatio(r.ratio)}`).join(', ')}`,
    ...scale.ticks.flatMap(tick => [
      line(scale.place(tick), top, scale.place(tick), bottom, 'grid'),
      label(scale.place(tick), bottom + 14, formatRatio(tick), { class: 'tick', 'text-anchor': 'middle' }),
    ]),
    line(scale.place(1), top - 4, scale.place(1), bottom, 'one'),
    label(left, top - 10, ratios.some(({ goal }) => goal !== undefined) ? '◥ goal' : '', { class: 'axis' }),
    label(scale.place(1) - 8, top - 10, '← first is ahead', { class: 'axis', 'text-anchor': 'end' }),
    label(scale.place(1) + 8, top - 10, 'second is ahead →', { class: 'axis' }),
    ...ratios.map((ratio, index) => interval(ratio, names[index] as string, top + index * rowHeight, scale)),
  );
}

/** `first / second`; where all have the same first, and its name is in the caption, the second alone. */
function namesOf(ratios: readonly RatioRow[]): string[] {
  const common = commonFirst(ratios);
  return ratios.map(({ of, to, params }) => {
    const threads = params['threads'] === undefined ? '' : `, ${params['threads']} threads`;
    return common === undefined ? `${of} / ${to}${threads}` : `${to}${threads}`;
  });
}

/** The contender that all ratios are of, where they are of one. */
export function commonFirst(ratios: readonly RatioRow[]): string | undefined {
  const [first] = ratios;
  return ratios.every(ratio => ratio.of === first?.of) ? first?.of : undefined;
}

function interval(ratio: RatioRow, name: string, y: number, scale: Scale): string {
  const middle = y + rowHeight / 2;
  const at = scale.place(ratio.ratio);
  const text = formatRatioInterval(ratio);
  const verdict = ratio.goal?.verdict ?? 'plain';
  return element(
    'g',
    { class: `ratio v-${verdict}` },
    tip(`${ratio.of} / ${ratio.to}: ${text}, from ${ratio.pairs} pairs of processes`),
    label(left - 14, middle + 4, name, { class: 'name', 'text-anchor': 'end' }),
    ...goalMark(ratio, middle, scale),
    line(scale.place(ratio.lo), middle, scale.place(ratio.hi), middle, 'range'),
    element('rect', { x: at - 4.5, y: middle - 4.5, width: 9, height: 9, class: 'point' }),
    label(width - right + 12, middle + 4, text, { class: 'value' }),
  );
}

function goalMark(ratio: RatioRow, middle: number, scale: Scale): string[] {
  if (ratio.goal === undefined) return [];
  const x = scale.place(ratio.goal.atMost);
  return [
    element(
      'g',
      { class: 'goal' },
      tip(`goal ${formatGoal(ratio.goal)}: ${ratio.goal.verdict}`),
      line(x, middle - 12, x, middle + 12, 'goal-line'),
      element('path', { d: `M${x} ${middle - 7}l-7 -6h7z`, class: 'goal-flag' }),
    ),
  ];
}
