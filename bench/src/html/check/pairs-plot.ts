import type { Arm, MetricReport, PairRow } from '../../check/check-report.ts';
import { logPairs } from '../../check/metrics.ts';
import { formatChange, formatMetricValue } from '../../check/report/figures.ts';
import { armMark, pairMark } from './arm-mark.ts';
import { type ChangeScale, changeScale, gapIn, tickText, undone } from './change-scale.ts';
import { figure, legendKey, plotBox } from './figure.ts';
import { fluidArea, fluidAt, fluidDrawing, fluidLine, fluidText } from './fluid.ts';

/** Two processes of a pair stand apart by this share of the pair's room, in the order in which they ran. */
const apart = 0.17;

/** Pixels. */
const heights = { changes: 168, values: 140 } as const;

/** Every pair of a metric in the order they were taken: the change that each shows, and what was concluded from them. */
export function renderPairs(pairs: readonly PairRow[], metric: MetricReport): string {
  const changes = pairs.map(pair => changeOf(pair, metric));
  const found = changes.filter(change => change !== undefined);
  if (found.length === 0) return '';
  const { estimate, rule } = metric;
  const scale = changeScale(
    [...found, estimate.lo, estimate.hi, rule.minEffect, undone(rule.minEffect)],
    rule.minEffect,
    gapIn(heights.changes),
  );
  const y = (share: number): number => 100 - scale.place(share);
  const drawing = fluidDrawing(
    `Change of ${metric.metric} in ${found.length} pairs in order: ${found.map(formatChange).join(', ')}`,
    `${heights.changes}px`,
    fluidArea(0, y(rule.minEffect), 100, y(undone(rule.minEffect)), 'band'),
    ...changeAxis(scale, tickText),
    ...stages(pairs),
    ...estimateOf(pairs, metric, y),
    ...pairs.map((pair, index) => {
      const change = changes[index];
      const about = `turn ${pair.turn}, ${stageNames[pair.stage]}, ${pair.first} first`;
      if (change === undefined)
        return fluidText(placeOf(index, pairs), y(0), '×', { class: 'none', dy: 4, 'text-anchor': 'middle' });
      return fluidAt(placeOf(index, pairs), y(change), `${about}: ${formatChange(change)}`, pairMark(pair));
    }),
    ...turns(pairs),
  );
  return figure(
    `Change of ${metric.metric}, pair by pair in the order they were taken`,
    plotBox(1, drawing),
    [
      legendKey(pairMark({ stage: 'screen', first: 'base' }), 'screening'),
      legendKey(pairMark({ stage: 'confirm', first: 'base' }), 'confirming'),
      legendKey(pairMark({ stage: 'screen', first: 'base' }), 'base ran first'),
      legendKey(pairMark({ stage: 'screen', first: 'head' }), 'head ran first'),
    ],
  );
}

const stageNames = { screen: 'screening', confirm: 'confirming' } as const;

function changeOf({ base, head }: PairRow, metric: MetricReport): number | undefined {
  const [logs] = logPairs([{ base: base.values, head: head.values }], metric);
  const change = logs === undefined ? Number.NaN : Math.expm1(logs.head - logs.base);
  return Number.isNaN(change) ? undefined : change;
}

function placeOf(index: number, pairs: readonly PairRow[]): number {
  return ((index + 0.5) / pairs.length) * 100;
}

function changeAxis(scale: ChangeScale, text: (share: number) => string): string[] {
  return scale.ticks.flatMap(tick => {
    const y = 100 - scale.place(tick);
    return [
      fluidLine(0, y, 100, y, tick === 0 ? 'zero' : 'grid'),
      fluidText(0, y, text(tick), { class: 'tick', dx: -8, dy: 4, 'text-anchor': 'end' }),
    ];
  });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Where the screening ends and the confirmation begins. */
function stages(pairs: readonly PairRow[]): string[] {
  const screened = pairs.filter(({ stage }) => stage === 'screen').length;
  if (screened === 0 || screened === pairs.length) return [];
  const x = (screened / pairs.length) * 100;
  return [
    fluidLine(x, 0, x, 100, 'divider'),
    fluidText(x, 0, 'screening', { class: 'axis', dx: -7, dy: -5, 'text-anchor': 'end' }),
    fluidText(x, 0, 'confirming', { class: 'axis', dx: 7, dy: -5 }),
  ];
}

/** The estimate over the pairs that it was made of. */
function estimateOf(
  pairs: readonly PairRow[],
  { estimate, verdict }: MetricReport,
  y: (share: number) => number,
): string[] {
  const own = pairs.flatMap(({ stage }, index) => (stage === estimate.stage ? [index] : []));
  const [first = 0, last = 0] = [own[0], own.at(-1)];
  const [from, to] = [(first / pairs.length) * 100, ((last + 1) / pairs.length) * 100];
  return [
    fluidArea(from, y(estimate.lo), to, y(estimate.hi), `interval f-${verdict}`),
    fluidLine(from, y(estimate.hl), to, y(estimate.hl), `estimate f-${verdict}`),
  ];
}

/** When the first and the last pair were taken, among all of the run, and some in between. */
function turns(pairs: readonly PairRow[]): string[] {
  const count = Math.min(6, pairs.length);
  const shown = Array.from({ length: count }, (_, at) =>
    Math.round((at * (pairs.length - 1)) / Math.max(1, count - 1)),
  );
  return shown.map((index, at) =>
    fluidText(placeOf(index, pairs), 100, `${at === 0 ? 'turn ' : ''}${pairs[index]?.turn ?? 0}`, {
      class: at % 2 === 0 ? 'tick' : 'tick minor',
      dy: 16,
      'text-anchor': 'middle',
    }),
  );
}

/**
 * What both processes of each pair found, in the order they ran: a slope or a step of both builds is the machine, and one of
 * the two alone is not.
 */
export function renderProcesses(pairs: readonly PairRow[], metric: MetricReport): string {
  const { metric: name, base: middle, unit, rule } = metric;
  const dots = pairs.flatMap((pair, index) =>
    (['base', 'head'] as const).flatMap(arm => {
      const value = pair[arm].values[name];
      return value === undefined ? [] : [{ pair, index, arm, value }];
    }),
  );
  // Beside nothing, there is no share.
  if (dots.length === 0 || !(middle > 0)) return '';
  const shareOf = (value: number): number => value / middle - 1;
  const scale = changeScale(
    dots.map(({ value }) => shareOf(value)),
    rule.minEffect,
    gapIn(heights.values),
  );
  const y = (value: number): number => 100 - scale.place(shareOf(value));
  const x = (index: number, arm: Arm, pair: PairRow): number =>
    placeOf(index, pairs) + (((arm === pair.first ? -1 : 1) * apart) / pairs.length) * 100;
  const text = (share: number): string => formatMetricValue(middle * (1 + share), unit);
  const drawing = fluidDrawing(
    `${name} of ${dots.length} processes in order: ${dots.map(({ arm, value }) => `${arm} ${formatMetricValue(value, unit)}`).join(', ')}`,
    `${heights.values}px`,
    ...changeAxis(scale, text),
    ...stages(pairs).slice(0, 1),
    ...pairs.flatMap((pair, index) => {
      const [base, head] = [pair.base.values[name], pair.head.values[name]];
      if (base === undefined || head === undefined) return [];
      return [fluidLine(x(index, 'base', pair), y(base), x(index, 'head', pair), y(head), 'link')];
    }),
    ...dots.map(({ pair, index, arm, value }) =>
      fluidAt(
        x(index, arm, pair),
        y(value),
        `${arm}, turn ${pair.turn}: ${formatMetricValue(value, unit)}, ${formatChange(shareOf(value))} beside base's median`,
        armMark(arm),
      ),
    ),
    ...turns(pairs),
  );
  return figure(
    `${capital(name)} of both processes of each pair, in the order they ran`,
    plotBox(1, drawing),
    [
      legendKey(armMark('base'), `base, median ${formatMetricValue(middle, unit)}`),
      legendKey(armMark('head'), `head, median ${formatMetricValue(metric.head, unit)}`),
    ],
  );
}
