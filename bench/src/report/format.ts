import type { Params } from '../suite.ts';
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

export function formatValue(value: number, unit: 'ns' | 'bytes'): string {
  return unit === 'ns' ? formatNs(value) : formatBytes(value);
}

/** Operations a second: `13.9 M/s`. */
export function formatRate(perSecond: number): string {
  if (perSecond >= 1e9) return `${digits(perSecond / 1e9)} G/s`;
  if (perSecond >= 1e6) return `${digits(perSecond / 1e6)} M/s`;
  if (perSecond >= 1e3) return `${digits(perSecond / 1e3)} k/s`;
  return `${digits(perSecond)} /s`;
}

/** A ratio, below a tenth as a fraction of 1, which is how goals are spoken of: `1/26.5`. */
export function formatRatio(ratio: number): string {
  return ratio < 0.2 ? `1/${digits(1 / ratio).replace(/\.0+$/, '')}` : digits(ratio);
}

export function formatGoal(goal: RatioGoalRow): string {
  return goal.atLeast === undefined ? `≤ ${formatRatio(goal.atMost)}` : `≥ ${goal.atLeast}x`;
}

export function formatParams(params: Params): string {
  return Object.entries(params)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}

/** Three significant digits, without an exponent. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1000) return Math.round(value).toLocaleString('en-US');
  return magnitude >= 100 ? value.toFixed(0) : magnitude >= 10 ? value.toFixed(1) : value.toFixed(2);
}
