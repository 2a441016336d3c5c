import type { Arm, CheckReport, SubjectReport } from '../../check/check-report.ts';
import { mainMetric } from '../../check/report/digest.ts';
import { formatParams, formatRate } from '../../report/format.ts';
import { quantile } from '../../statistics/quantile.ts';
import { element, escape } from '../markup.ts';
import { amountScale } from '../scale.ts';
import { armMark } from './arm-mark.ts';
import { figure, legendKey, plotBox } from './figure.ts';
import { fluidAt, fluidDrawing, fluidLine, fluidText } from './fluid.ts';

interface Point {
  readonly threads: number;
  /** Operations a second of the whole group: the middle half of the processes, and their median. */
  readonly low: number;
  readonly rate: number;
  readonly high: number;
}

interface Curves {
  readonly title: string;
  readonly params: string;
  readonly base: readonly Point[];
  readonly head: readonly Point[];
}

const arms = ['base', 'head'] as const;

/** Less than the first and more than the last group, as per cent of the width. */
const sideMargin = 8;

/** How the rate of each bench that ran in thread groups of several sizes grows with the threads, in both builds. */
export function renderScalings({ subjects }: CheckReport): string {
  return element('div', { class: 'scalings' }, ...curvesOf(subjects).map(renderScaling));
}

/** Whether any bench ran in groups of several sizes. */
export function hasScaling({ subjects }: CheckReport): boolean {
  return curvesOf(subjects).length > 0;
}

function curvesOf(subjects: readonly SubjectReport[]): Curves[] {
  const groups = new Map<string, SubjectReport[]>();
  for (const subject of subjects) {
    if (!subject.inGroup || mainMetric(subject)?.kind !== 'time') continue;
    const key = JSON.stringify([subject.suite, subject.bench, subject.contender, subject.params]);
    groups.set(key, [...(groups.get(key) ?? []), subject]);
  }
  return [...groups.values()].flatMap(group => {
    const sizes = new Set(group.map(({ threads }) => threads));
    const [first] = group;
    if (sizes.size < 2 || first === undefined) return [];
    const sorted = [...group].sort((a, b) => a.threads - b.threads);
    return [
      {
        title: `${first.suite}/${first.bench}`,
        params: [first.contender, formatParams(first.params)].filter(Boolean).join(' · '),
        base: sorted.flatMap(subject => pointOf(subject, 'base')),
        head: sorted.flatMap(subject => pointOf(subject, 'head')),
      },
    ];
  });
}

function pointOf({ pairs, threads }: SubjectReport, arm: Arm): Point[] {
  const rates = pairs.flatMap(pair => {
    const ns = pair[arm].values['time'];
    return ns === undefined || !(ns > 0) ? [] : [1e9 / ns];
  });
  if (rates.length === 0) return [];
  const [low, rate, high] = [0.25, 0.5, 0.75].map(share => quantile(rates, share)) as [
    number,
    number,
    number,
  ];
  return [{ threads, low, rate, high }];
}

function renderScaling({ title, params, base, head }: Curves): string {
  const points = [...base, ...head];
  const sizes = [...new Set(points.map(({ threads }) => threads))].sort((a, b) => a - b);
  const [fewest = 1, most = 1] = [sizes[0], sizes.at(-1)];
  const ideal = (base[0]?.rate ?? 0) / (base[0]?.threads ?? 1);
  const scale = amountScale([0, ...points.map(({ high }) => high), ideal * most], 100, 0);
  const x = (threads: number): number =>
    sideMargin + ((threads - fewest) / Math.max(1, most - fewest)) * (100 - 2 * sideMargin);
  const text = arms.map(arm => speedupText(arm, arm === 'base' ? base : head));
  const drawing = fluidDrawing(
    `Scaling of ${title}, ${params}: ${text.join('; ')}`,
    '190px',
    ...scale.ticks.flatMap(tick => [
      fluidLine(0, scale.place(tick), 100, scale.place(tick), 'grid'),
      fluidText(0, scale.place(tick), tick === 0 ? '0' : formatRate(tick), {
        class: 'tick',
        dx: -8,
        dy: 4,
        'text-anchor': 'end',
      }),
    ]),
    ...sizes.map(size =>
      fluidText(x(size), 100, size === 1 ? '1 thread' : `${size} threads`, {
        class: 'tick',
        dy: 17,
        'text-anchor': 'middle',
      }),
    ),
    fluidLine(x(fewest), scale.place(ideal * fewest), x(most), scale.place(ideal * most), 'ideal'),
    ...arms.flatMap(arm => curve(arm, arm === 'base' ? base : head, x, rate => scale.place(rate))),
  );
  const caption = element('h3', {}, escape(title), element('span', { class: 'params' }, escape(params)));
  return element(
    'article',
    { class: 'card' },
    caption,
    figure(
      'Operations a second of the whole group; the dashed line is as many times the rate as threads',
      plotBox(1, drawing),
      arms.map((arm, index) => legendKey(armMark(arm), text[index] as string)),
    ),
  );
}

function speedupText(arm: Arm, points: readonly Point[]): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || first === last) return arm;
  return `${arm}: ${(last.rate / first.rate).toFixed(2)}x the rate of ${first.threads} on ${last.threads} threads`;
}

function curve(
  arm: Arm,
  points: readonly Point[],
  x: (threads: number) => number,
  y: (rate: number) => number,
): string[] {
  // Side by side, so that one does not hide the other.
  const aside = arm === 'base' ? -0.6 : 0.6;
  const at = (point: Point): number => x(point.threads) + aside;
  return [
    ...points.slice(1).map((point, index) => {
      const last = points[index] as Point;
      return fluidLine(at(last), y(last.rate), at(point), y(point.rate), `path a-${arm}`);
    }),
    ...points.map(point => fluidLine(at(point), y(point.low), at(point), y(point.high), `whisker a-${arm}`)),
    ...points.map(point =>
      fluidAt(
        at(point),
        y(point.rate),
        `${arm}, ${point.threads} threads: ${formatRate(point.rate)}, half of the processes ${formatRate(point.low)} to ${formatRate(point.high)}`,
        armMark(arm),
      ),
    ),
  ];
}
