/** Numbers as people read them: the same in every place and every language of the machine. */

/** 1234567 → `1,234,567`. Whole numbers only; others are rounded. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count and its noun: `1 key`, `2 keys`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** 0.16667 → `16.67%`; never `0%` for what is not nothing, nor `100%` for what is not everything. */
export function percent(fraction: number): string {
  const shown = (100 * fraction).toFixed(2);
  if (fraction > 0 && shown === '0.00') return '<0.01%';
  if (fraction < 1 && shown === '100.00') return '>99.99%';
  return `${shown.replace(/\.?0+$/, '')}%`;
}

/** The same with two decimals always, for columns. */
export function percentCell(fraction: number): string {
  const shown = percent(fraction);
  return /[<>]/.test(shown) ? shown : `${(100 * fraction).toFixed(2)}%`;
}

/** A ratio with three decimals: peak to average, moved to minimum. */
export function ratio(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : '–';
}

/** A weight without the noise of binary fractions. */
export function weight(value: number): string {
  return String(Number(value.toPrecision(6)));
}
