import type { Params, Unit } from '../suite.ts';
import type { RatioGoalRow } from './report.ts';

const timeUnits = [
  { above: 1e9, unit: 's' },
  { above: 1e6, unit: 'ms' },
  { above: 1e3, unit: 'µs' },
  { above: 0, unit: 'ns' },
] as const;

/** A duration with three significant digits and its unit: `1.91 µs`. */
export function formatNs(ns: number): string {
  const { above, unit } = timeUnits.find(step => Math.abs(ns) >= step.above) ?? timeUnits[3];
  return `${digits(ns / (above === 0 ? 1 : above))} ${unit}`;
}

/** An amount of memory: `396 KiB`. */
export function formatBytes(bytes: number): string {
  if (Math.abs(bytes) >= 2 ** 20) return `${digits(bytes / 2 ** 20)} MiB`;
  if (Math.abs(bytes) >= 2 ** 10) return `${digits(bytes / 2 ** 10)} KiB`;
  return `${Math.round(bytes)} B`;
}

export function formatValue(value: number, unit: Unit): string {
  if (unit === 'count') return digits(value);
  return unit === 'ns' ? formatNs(value) : formatBytes(value);
}

/** Operations a second: `13.9 M/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 1e9) return `${digits(perSecond / 1e9)} G/s`;
  if (perSecond >= 1e6) return `${digits(perSecond / 1e6)} M/s`;
  if (perSecond >= 1e3) return `${digits(perSecond / 1e3)} k/s`;
  return `${digits(perSecond)} /s`;
}

/** Below this, a ratio is written as a fraction of 1, which is how goals are spoken of: `1/26.5`. */
const fractionBelow = 0.2;

export function formatRatio(ratio: number): string {
  return ratio < fractionBelow ? fraction(ratio) : digits(ratio);
}

/** A ratio with its interval, all three in the same way: `1/38.4 [1/40.5, 1/36.5]`. */
export function formatRatioInterval({ ratio, lo, hi }: { ratio: number; lo: number; hi: number }): string {
  const format = ratio < fractionBelow ? fraction : digits;
  return `${format(ratio)} [${format(lo)}, ${format(hi)}]`;
}

/** How many times the rate of the second is that of the first: `1.83x [1.33, 1.89]`. */
export function formatSpeedup({ ratio, lo, hi }: { ratio: number; lo: number; hi: number }): string {
  return `${(1 / ratio).toFixed(2)}x [${(1 / hi).toFixed(2)}, ${(1 / lo).toFixed(2)}]`;
}

function fraction(ratio: number): string {
  return `1/${digits(1 / ratio).replace(/\.0+$/, '')}`;
}

export function formatGoal(goal: RatioGoalRow): string {
  return goal.atLeast === undefined ? `≤ ${formatRatio(goal.atMost)}` : `≥ ${goal.atLeast}x`;
}

export function formatParams(params: Params): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Three significant digits, without an exponent; whole numbers as they are. */
export function digits(value: number): string {
  if (!Number.isFinite(value) || (Number.isInteger(value) && Math.abs(value) < 1000)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return Math.round(value).toLocaleString('en-US');
  return magnitude >= 100 ? value.toFixed(0) : magnitude >= 10 ? value.toFixed(1) : value.toFixed(2);
}
