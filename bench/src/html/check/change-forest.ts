import type { MetricReport } from '../../check/check-report.ts';
import { formatChange, formatInterval, formatMetricValue, formatPairs } from '../../check/report/figures.ts';
import { element, escape } from '../markup.ts';
import { type ChangeScale, changeScale, tickText, undone } from './change-scale.ts';
import { fluidArea, fluidAt, fluidDrawing, fluidLine, fluidText } from './fluid.ts';
import { verdictIcon, verdictMark } from './verdict-mark.ts';

/** A comparison in a forest. */
export interface ForestRow {
  /** What is compared, as markup. */
  readonly name: string;
  /** The same as text. */
  readonly about: string;
  readonly metric: MetricReport;
  /** What the change really is, where that is known. */
  readonly truth?: number;
}

export interface ForestGroup {
  readonly title: string;
  readonly rows: readonly ForestRow[];
}

/** With more rows than this, the axis is wanted below them too. */
const rowsWithOneAxis = 10;

/** Per cent of the axis between two texts, on a narrow page. */
const narrowGap = 13;

/**
 * Changes with their intervals on one axis, a row for each comparison; shaded is what is too little to count. Nothing where
 * there are no rows.
 */
export function renderForest(groups: readonly ForestGroup[]): string {
  const rows = groups.flatMap(group => group.rows);
  if (rows.length === 0) return '';
  const scale = changeScale(
    rows.flatMap(({ metric: { estimate, rule }, truth = 0 }) => [
      estimate.lo,
      estimate.hi,
      rule.minEffect,
      undone(rule.minEffect),
      truth,
    ]),
    Math.min(...rows.map(({ metric }) => metric.rule.minEffect)),
  );
  return element(
    'div',
    { class: 'forest' },
    axis(scale, 'top'),
    ...groups
      .filter(group => group.rows.length > 0)
      .map(group =>
        element(
          'section',
          {},
          element('h3', {}, escape(group.title)),
          element('ul', {}, ...group.rows.map(row => renderRow(row, scale))),
        ),
      ),
    ...(rows.length > rowsWithOneAxis ? [axis(scale, 'bottom')] : []),
  );
}

function axis(scale: ChangeScale, side: 'top' | 'bottom'): string {
  const minor = minorTicks(scale);
  const labels = scale.ticks.map(tick =>
    fluidText(scale.place(tick), 100, tickText(tick), {
      dy: side === 'top' ? -6 : -4,
      class: minor.has(tick) ? 'tick minor' : 'tick',
      'text-anchor': 'middle',
    }),
  );
  const words = [
    fluidText(0, 0, '← faster, less', { dy: 11, class: 'axis' }),
    fluidText(100, 0, 'slower, more →', { dy: 11, class: 'axis', 'text-anchor': 'end' }),
  ];
  const attributes = { class: 'fluid', 'aria-hidden': 'true', style: `height:${side === 'top' ? 34 : 20}px` };
  return element(
    'div',
    { class: `row axis-row ${side}` },
    element('span', { class: 'name' }),
    element(
      'div',
      { class: 'strip' },
      element('svg', attributes, ...(side === 'top' ? words : []), ...labels),
    ),
    element('span', { class: 'figures' }),
  );
}

/** Those that have no room for their text on a narrow page: too close to the last one on the way out from zero. */
function minorTicks(scale: ChangeScale): Set<number> {
  const minor = new Set<number>();
  for (const sign of [-1, 1]) {
    let last = scale.place(0);
    for (const tick of scale.ticks.filter(share => share * sign > 0).sort((a, b) => (a - b) * sign)) {
      if (Math.abs(scale.place(tick) - last) < narrowGap) minor.add(tick);
      else last = scale.place(tick);
    }
  }
  return minor;
}

function renderRow(row: ForestRow, scale: ChangeScale): string {
  const { base, head, unit, estimate, verdict } = row.metric;
  const values = `${formatMetricValue(base, unit)} → ${formatMetricValue(head, unit)}`;
  return element(
    'li',
    { class: `row f-${verdict}` },
    element('span', { class: 'name' }, row.name),
    element('div', { class: 'strip' }, strip(row, scale)),
    element(
      'span',
      { class: 'figures' },
      element('span', { class: 'values' }, values),
      element(
        'span',
        { class: 'change' },
        element('strong', {}, formatChange(estimate.hl)),
        element('small', {}, formatInterval(estimate)),
      ),
      element(
        'span',
        { class: 'verdict-word' },
        element('span', {}, verdictIcon(verdict), verdict),
        element('small', {}, formatPairs(estimate)),
      ),
    ),
  );
}

function strip({ about, metric, truth }: ForestRow, scale: ChangeScale): string {
  const { estimate, rule, verdict } = metric;
  const [lo, at, hi] = [estimate.lo, estimate.hl, estimate.hi].map(share => scale.place(share)) as [
    number,
    number,
    number,
  ];
  const interval = `${formatChange(estimate.hl)} ${formatInterval(estimate)} from ${formatPairs(estimate)}`;
  return fluidDrawing(
    `${about}: ${interval}, ${verdict}`,
    '100%',
    fluidArea(scale.place(undone(rule.minEffect)), 0, scale.place(rule.minEffect), 100, 'band'),
    ...scale.ticks.map(tick => {
      const x = scale.place(tick);
      return fluidLine(x, 0, x, 100, tick === 0 ? 'zero' : 'grid');
    }),
    ...(truth === undefined
      ? []
      : [fluidAt(scale.place(truth), 50, `truth ${formatChange(truth)}`, truthMark)]),
    fluidLine(lo, 50, hi, 50, `range f-${verdict}`),
    fluidAt(at, 50, `${interval}: ${metric.why}`, verdictMark(verdict)),
  );
}

const truthMark = element('path', { d: 'M0 -11V11', class: 'truth' });
