import type { Arm, MetricReport, PairRow } from '../../check/check-report.ts';
import { formatMetricValue } from '../../check/report/figures.ts';
import { quantile } from '../../statistics/quantile.ts';
import { element } from '../markup.ts';
import { figure, legendKey, plotBox } from './figure.ts';
import { type ValueScale, valueAxis, valueScale } from './value-scale.ts';
import { fluidDrawing, fluidLine, fluidText, percent } from './fluid.ts';

const arms = ['base', 'head'] as const;

/** Steps of a curve: more could not be told apart. */
const stepsMax = 200;

/**
 * How the chunks of both builds are distributed (those of all processes together), and below them where the value of each
 * process lies. Nothing where a subject has no chunks.
 */
export function renderDistribution(pairs: readonly PairRow[], metric: MetricReport): string {
  if (metric.kind !== 'time') return '';
  const chunks = { base: chunksOf(pairs, 'base'), head: chunksOf(pairs, 'head') };
  if (chunks.base.length === 0 || chunks.head.length === 0) return '';
  const values = { base: valuesOf(pairs, 'base', metric), head: valuesOf(pairs, 'head', metric) };
  const all = [...chunks.base, ...chunks.head, ...values.base, ...values.head];
  const scale = valueScale(all, metric);
  const isGroup = pairs.some(({ base }) => base.windows !== undefined);
  const what = isGroup ? 'windows' : 'chunks';
  const medians = arms.map(
    arm => `${arm} median ${formatMetricValue(quantile(chunks[arm], 0.5), metric.unit)}`,
  );
  const drawing = fluidDrawing(
    `Distribution of the ${what} of both builds: ${medians.join(', ')}`,
    '170px',
    ...[0, 50, 100].flatMap(share => [
      fluidLine(0, 100 - share, 100, 100 - share, 'grid'),
      fluidText(0, 100 - share, `${share} %`, { class: 'tick', dx: -8, dy: 4, 'text-anchor': 'end' }),
    ]),
    ...valueAxis(scale, metric, 34),
    ...arms.flatMap((arm, index) => [curve(chunks[arm], scale, arm), ...rug(values[arm], scale, arm, index)]),
  );
  return figure(
    `Share of the ${what} that took at most so long; below, the value of each process`,
    plotBox(2, drawing),
    arms.map(arm => legendKey(curveKey(arm), `${arm}, ${chunks[arm].length} ${what}`)),
  );
}

function chunksOf(pairs: readonly PairRow[], arm: Arm): number[] {
  return pairs.flatMap(pair => {
    const { chunks = [], windows = [] } = pair[arm];
    return [...chunks, ...windows.filter(({ accepted }) => accepted).map(({ nsPerOp }) => nsPerOp)];
  });
}

function valuesOf(pairs: readonly PairRow[], arm: Arm, { metric }: MetricReport): number[] {
  return pairs.flatMap(pair => pair[arm].values[metric] ?? []);
}

/** The empirical distribution as steps, in a box of 100 by 100 that is stretched to the drawing. */
function curve(chunks: readonly number[], scale: ValueScale, arm: Arm): string {
  const sorted = [...chunks].sort((a, b) => a - b);
  const steps = Math.min(stepsMax, sorted.length);
  let path = '';
  for (let step = 1; step <= steps; step++) {
    const share = step / steps;
    const x = scale.place(sorted[Math.ceil(share * sorted.length) - 1] as number);
    path += `${step === 1 ? `M${round(x)} 100` : `H${round(x)}`}V${round(100 - 100 * share)}`;
  }
  const attributes = { viewBox: '0 0 100 100', preserveAspectRatio: 'none', width: '100%', height: '100%' };
  return element('svg', attributes, element('path', { d: path, class: `curve a-${arm}` }));
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function curveKey(arm: Arm): string {
  return element('path', { d: 'M-7 5H-1V-4H7', class: `curve a-${arm}` });
}

/** A stroke for each process, base's above head's. */
function rug(values: readonly number[], scale: ValueScale, arm: Arm, index: number): string[] {
  const [from, to] = [4 + index * 9, 11 + index * 9];
  return values.map(value =>
    element(
      'svg',
      { x: percent(scale.place(value)), y: '100%', class: 'at' },
      element('path', { d: `M0 ${from}V${to}`, class: `rug a-${arm}` }),
    ),
  );
}
