import type { MetricReport } from '../../check/check-report.ts';
import { formatMetricValue } from '../../check/report/figures.ts';
import { changeScale } from './change-scale.ts';
import { fluidLine, fluidText } from './fluid.ts';

/** Maps values of a metric to per cent of a drawing's width. */
export interface ValueScale {
  readonly place: (value: number) => number;
  /** Values worth a mark, and their places: far enough apart for their text on any page, unless they are minor. */
  readonly ticks: readonly { readonly value: number; readonly place: number; readonly isMinor: boolean }[];
}

/** Per cent between two marks. */
const tickGap = 10;

/**
 * Values on the scale of their changes from base's median: close by, small differences can be seen, and those that met other
 * programs are in the drawing all the same.
 */
export function valueScale(values: readonly number[], { base, rule }: MetricReport): ValueScale {
  const shareOf = (value: number): number => value / base - 1;
  const { place, ticks } = changeScale(values.map(shareOf), rule.minEffect, tickGap);
  const zero = ticks.indexOf(0);
  return {
    place: value => place(shareOf(value)),
    ticks: ticks.map((share, index) => ({
      value: base * (1 + share),
      place: place(share),
      isMinor: (index - zero) % 2 !== 0,
    })),
  };
}

/** A line for each mark, and its value below the drawing. */
export function valueAxis(scale: ValueScale, { unit }: MetricReport, dy: number): string[] {
  return scale.ticks.flatMap(({ value, place, isMinor }) => [
    fluidLine(place, 0, place, 100, 'grid'),
    fluidText(place, 100, formatMetricValue(value, unit), {
      class: isMinor ? 'tick minor' : 'tick',
      dy,
      'text-anchor': 'middle',
    }),
  ]);
}
