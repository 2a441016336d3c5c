import { formatRate, formatValue } from '../report/format.ts';
import type { BenchRow, Spread } from '../report/report.ts';
import { colourClass, rowName } from './colour.ts';
import { drawing, element, label, line, tip } from './markup.ts';
import { amountScale, type Scale } from './scale.ts';

const width = 960;
const left = 250;
const right = 150;
const rowHeight = 30;
const top = 8;

/** A bar for each row with its interval; shorter is better. */
export function renderBars(rows: readonly BenchRow[]): string {
  const measured = rows.flatMap(row => {
    const spread = row.nsPerOp ?? row.amount;
    return spread === undefined || spread === null ? [] : [{ row, spread }];
  });
  if (measured.length === 0) return '';
  const end = width - right;
  const scale = amountScale(
    measured.flatMap(({ spread }) => [spread.lo, spread.hi]),
    left,
    end,
  );
  const bottom = top + measured.length * rowHeight;
  const unit = measured[0]?.row.unit ?? 'ns';
  const what = { ns: 'time per operation', bytes: 'bytes', count: 'count' }[unit];
  return drawing(
    width,
    bottom + 34,
    `Bars: ${measured.map(({ row, spread }) => `${rowName(row)} ${formatValue(spread.median, unit)}`).join(', ')}`,
    ...scale.ticks.flatMap(tick => [
      line(scale.place(tick), top, scale.place(tick), bottom, 'grid'),
      label(scale.place(tick), bottom + 14, formatValue(tick, unit), {
        class: 'tick',
        'text-anchor': 'middle',
      }),
    ]),
    label(end, bottom + 29, `${what}, ${scale.logarithmic ? 'logarithmic; ' : ''}less is better`, {
      class: 'axis',
      'text-anchor': 'end',
    }),
    ...measured.map(({ row, spread }, index) => bar(rows, row, spread, top + index * rowHeight, scale)),
  );
}

function bar(rows: readonly BenchRow[], row: BenchRow, spread: Spread, y: number, scale: Scale): string {
  const middle = y + rowHeight / 2;
  const [lo, at, hi] = [spread.lo, spread.median, spread.hi].map(value => scale.place(value)) as [
    number,
    number,
    number,
  ];
  const value = formatValue(spread.median, row.unit);
  const rate = row.opsPerSec === null ? '' : `  ${formatRate(row.opsPerSec)}`;
  const interval = `[${formatValue(spread.lo, row.unit)}, ${formatValue(spread.hi, row.unit)}]`;
  return element(
    'g',
    { class: colourClass(rows, row.contender) },
    tip(`${rowName(row)}: ${value} ${interval}`),
    label(left - 10, middle + 4, rowName(row), { class: 'name', 'text-anchor': 'end' }),
    element('rect', {
      x: left,
      y: y + 6,
      width: Math.max(1, at - left),
      height: rowHeight - 12,
      rx: 2,
      class: 'bar',
    }),
    line(lo, middle, hi, middle, 'whisker'),
    line(lo, middle - 5, lo, middle + 5, 'whisker'),
    line(hi, middle - 5, hi, middle + 5, 'whisker'),
    element(
      'text',
      { x: hi + 8, y: middle + 4, class: 'value' },
      value,
      element('tspan', { class: 'muted' }, rate),
    ),
  );
}
