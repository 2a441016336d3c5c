import type { BenchRow, RatioRow } from '../report/report.ts';
import { colourClass } from './colour.ts';
import { drawing, element, label, line, tip } from './markup.ts';

const width = 960;
const height = 300;
const box = { left: 70, right: 700, top: 16, bottom: 256 };

interface Point {
  readonly threads: number;
  readonly speedup: number;
  readonly lo: number;
  readonly hi: number;
}

/** How the rate grows with the threads, beside the straight line of perfect scaling. */
export function renderScaling(rows: readonly BenchRow[], ratios: readonly RatioRow[]): string {
  const own = ratios.filter(ratio => ratio.kind === 'threads');
  if (own.length === 0) return '';
  const contenders = [...new Set(rows.map(row => row.contender))];
  const curves = contenders.map(contender => ({ contender, points: pointsOf(contender, rows, own) }));
  const most = Math.max(...rows.map(row => row.threads));
  const x = (threads: number): number =>
    box.left + ((threads - 1) / Math.max(1, most - 1)) * (box.right - box.left);
  const y = (speedup: number): number => box.bottom - (speedup / most) * (box.bottom - box.top);
  const sizes = [...new Set(rows.map(row => row.threads))];
  const steps = Array.from({ length: most + 1 }, (_, index) => index);
  return drawing(
    width,
    height,
    `Scaling: ${own.map(r => `${r.of} ${(1 / r.ratio).toFixed(2)} times`).join(', ')}`,
    ...steps.flatMap(step => [
      line(box.left, y(step), box.right, y(step), 'grid'),
      label(box.left - 10, y(step) + 4, `${step}x`, { class: 'tick', 'text-anchor': 'end' }),
    ]),
    ...sizes.map(size =>
      label(x(size), box.bottom + 18, String(size), { class: 'tick', 'text-anchor': 'middle' }),
    ),
    label(box.right, box.bottom + 36, 'threads; rate beside one thread, more is better', {
      class: 'axis',
      'text-anchor': 'end',
    }),
    line(x(1), y(1), x(most), y(most), 'ideal'),
    ...curves.map((curve, index) => curveOf(rows, curve.contender, curve.points, index, x, y)),
  );
}

function pointsOf(contender: string, rows: readonly BenchRow[], ratios: readonly RatioRow[]): Point[] {
  const points: Point[] = [{ threads: 1, speedup: 1, lo: 1, hi: 1 }];
  for (const row of rows) {
    const ratio = ratios.find(r => r.of === `${contender} on ${row.threads} threads`);
    if (row.contender !== contender || ratio === undefined) continue;
    points.push({ threads: row.threads, speedup: 1 / ratio.ratio, lo: 1 / ratio.hi, hi: 1 / ratio.lo });
  }
  return points.sort((a, b) => a.threads - b.threads);
}

function curveOf(
  rows: readonly BenchRow[],
  contender: string,
  points: readonly Point[],
  index: number,
  x: (threads: number) => number,
  y: (speedup: number) => number,
): string {
  const path = points.map((p, at) => `${at === 0 ? 'M' : 'L'}${x(p.threads)} ${y(p.speedup)}`).join('');
  const legend = box.top + 20 + index * 26;
  return element(
    'g',
    { class: colourClass(rows, contender) },
    element('path', { d: path, class: 'curve' }),
    ...points.map(p =>
      element(
        'g',
        {},
        tip(
          `${contender} on ${p.threads}: ${p.speedup.toFixed(2)}x [${p.lo.toFixed(2)}, ${p.hi.toFixed(2)}]`,
        ),
        line(x(p.threads), y(p.lo), x(p.threads), y(p.hi), 'whisker'),
        element('circle', { cx: x(p.threads), cy: y(p.speedup), r: 5, class: 'dot' }),
      ),
    ),
    element('circle', { cx: box.right + 40, cy: legend - 4, r: 5, class: 'dot' }),
    label(box.right + 54, legend, legendText(contender, points.at(-1)), { class: 'name' }),
  );
}

function legendText(contender: string, last: Point | undefined): string {
  if (last === undefined || last.threads === 1) return contender;
  return `${contender}: ${last.speedup.toFixed(2)}x on ${last.threads}`;
}
