import { formatValue } from '../report/format.ts';
import type { BenchRow } from '../report/report.ts';
import { colourClass, rowName } from './colour.ts';
import { drawing, element, label, line, tip } from './markup.ts';
import { logScale } from './scale.ts';

const width = 960;
const box = { left: 70, right: 940, top: 12, bottom: 170 };
const legendHeight = 22;
const legendColumns = 3;

/**
 * Every process in the order it ran, as a share of its row's median: a slope or a step that all rows show is the machine,
 * two levels of one row are the compiler's choices.
 */
export function renderSamples(rows: readonly BenchRow[]): string {
  const turns = rows.length;
  const dots = rows.flatMap(row => {
    const middle = (row.nsPerOp ?? row.amount)?.median;
    if (middle === undefined || middle === 0) return [];
    return row.samples.flatMap(({ round, place, value }) =>
      value === null ? [] : [{ row, round, turn: round * turns + place, value, share: value / middle }],
    );
  });
  if (dots.length === 0) return '';
  const rounds = Math.max(...dots.map(dot => dot.round)) + 1;
  const shares = dots.map(dot => dot.share);
  const scale = logScale(
    Math.min(0.9, ...shares) / 1.03,
    Math.max(1.1, ...shares) * 1.03,
    box.bottom,
    box.top,
  );
  const x = (turn: number): number => box.left + ((turn + 0.5) / (rounds * turns)) * (box.right - box.left);
  const measured = rows.filter(row => dots.some(dot => dot.row === row));
  const height = box.bottom + 34 + Math.ceil(measured.length / legendColumns) * legendHeight;
  return drawing(
    width,
    height,
    `Samples in the order they were taken: ${dots.length} processes in ${rounds} rounds`,
    ...scale.ticks.flatMap(tick => [
      line(box.left, scale.place(tick), box.right, scale.place(tick), 'grid'),
      label(box.left - 8, scale.place(tick) + 4, `${Math.round(tick * 100)} %`, {
        class: 'tick',
        'text-anchor': 'end',
      }),
    ]),
    line(box.left, scale.place(1), box.right, scale.place(1), 'one'),
    ...Array.from({ length: rounds }, (_, round) =>
      line(x(round * turns - 0.5), box.top, x(round * turns - 0.5), box.bottom, 'round'),
    ),
    ...dots.map(({ row, turn, value, share }) =>
      element(
        'g',
        { class: colourClass(rows, row.contender) },
        tip(`${rowName(row)}: ${formatValue(value, row.unit)}, ${Math.round(share * 100)} % of its median`),
        element('circle', { cx: x(turn), cy: scale.place(share), r: 4, class: 'dot' }),
      ),
    ),
    label(
      box.right,
      box.bottom + 16,
      'processes in the order they ran, round by round; beside the median of their row',
      {
        class: 'axis',
        'text-anchor': 'end',
      },
    ),
    ...legend(rows, measured),
  );
}

function legend(rows: readonly BenchRow[], measured: readonly BenchRow[]): string[] {
  return measured.map((row, index) => {
    const x = box.left + (index % legendColumns) * 290;
    const y = box.bottom + 42 + Math.floor(index / legendColumns) * legendHeight;
    return element(
      'g',
      { class: colourClass(rows, row.contender) },
      element('circle', { cx: x, cy: y - 4, r: 4, class: 'dot' }),
      label(x + 12, y, rowName(row), { class: 'name' }),
    );
  });
}
