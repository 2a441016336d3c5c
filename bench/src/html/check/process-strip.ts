import type { Arm, MetricReport, PairRow } from '../../check/check-report.ts';
import { formatMetricValue } from '../../check/report/figures.ts';
import { quantile } from '../../statistics/quantile.ts';
import { armMark } from './arm-mark.ts';
import { figure, plotBox } from './figure.ts';
import { fluidArea, fluidAt, fluidDrawing, fluidLine, fluidText } from './fluid.ts';
import { type ValueScale, valueAxis, valueScale } from './value-scale.ts';

/** Per cent of the drawing: dots closer than this stand one above the other. */
const dotWidth = 1.2;
const dotHeight = 6;
const rows = { base: 28, head: 78 } as const;

/**
 * The values of all processes, build by build, with their middle half shaded. With V8's own flags processes of one build settle
 * at different levels (it compiles differently from process to process); they show as separate heaps.
 */
export function renderProcessStrip(pairs: readonly PairRow[], metric: MetricReport): string {
  const { metric: name } = metric;
  const values = (arm: Arm): number[] => pairs.flatMap(pair => pair[arm].values[name] ?? []);
  const all = [...values('base'), ...values('head')];
  if (all.length === 0 || !all.every(value => value > 0)) return '';
  const scale = valueScale(all, metric);
  const spreads = (['base', 'head'] as const)
    .filter(arm => values(arm).length > 0)
    .map(arm => spreadText(arm, values(arm), metric));
  const drawing = fluidDrawing(
    `Spread of the processes: ${spreads.join('; ')}`,
    '130px',
    ...valueAxis(scale, metric, 16),
    ...(['base', 'head'] as const).flatMap(arm => strip(arm, values(arm), scale, metric)),
  );
  return figure(`Spread: ${spreads.join('; ')}`, plotBox(1, drawing));
}

function spreadText(arm: Arm, values: readonly number[], { unit }: MetricReport): string {
  const [least, low, high, most] = [0, 0.25, 0.75, 1].map(share =>
    formatMetricValue(quantile(values, share), unit),
  );
  return `${arm} ${least} to ${most}, half of them ${low} to ${high}`;
}

function strip(arm: Arm, values: readonly number[], scale: ValueScale, { unit }: MetricReport): string[] {
  if (values.length === 0) return [];
  const middle = rows[arm];
  const [low, median, high] = [0.25, 0.5, 0.75].map(share => scale.place(quantile(values, share))) as [
    number,
    number,
    number,
  ];
  return [
    fluidText(0, middle, arm, { class: 'name', dx: -8, dy: 4, 'text-anchor': 'end' }),
    fluidArea(low, middle - 17, high, middle + 17, `quartiles a-${arm}`),
    fluidLine(median, middle - 17, median, middle + 17, `median a-${arm}`),
    ...heaped(values.map(value => scale.place(value))).map(({ place, height }, index) =>
      fluidAt(
        place,
        middle + height,
        `${arm}: ${formatMetricValue(values[index] as number, unit)}`,
        armMark(arm),
      ),
    ),
  ];
}

/** Moves dots up and down by turns until they do not hide each other. */
function heaped(places: readonly number[]): { place: number; height: number }[] {
  const taken = new Map<number, number>();
  return places.map(place => {
    const column = Math.round(place / dotWidth);
    const count = taken.get(column) ?? 0;
    taken.set(column, count + 1);
    const level = Math.ceil(count / 2) * (count % 2 === 0 ? 1 : -1);
    return { place, height: Math.max(-20, Math.min(20, level * dotHeight)) };
  });
}
