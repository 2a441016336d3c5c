/** Maps values of a domain to places in a drawing, and names the values worth a mark. */
export interface Scale {
  place(value: number): number;
  readonly ticks: readonly number[];
  readonly logarithmic: boolean;
}

/** Beyond this factor between the least and the most, the small ones would be invisible on a linear scale. */
const linearFactorMax = 15;

/** From zero where the values are of one size, else logarithmic. Zeros keep it linear. */
export function amountScale(values: readonly number[], from: number, to: number): Scale {
  const most = Math.max(...values) || 1;
  const least = Math.min(...values);
  if (least > 0 && most / least > linearFactorMax) return logScale(least / 2, most, from, to);
  const step = niceStep(most / 4);
  const ticks = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => index * step);
  return { place: value => from + (value / most) * (to - from), ticks, logarithmic: false };
}

/** Logarithmic from `least` to `most`, with marks at powers of ten, or closer where there are few of those. */
export function logScale(least: number, most: number, from: number, to: number): Scale {
  const [low, high] = [Math.log10(least), Math.log10(most)];
  const span = Math.max(high - low, 1e-9);
  const ticks = span > 0.5 ? decadeTicks(least, most, span > 2.5 ? [1] : [1, 2, 5]) : closeTicks(least, most);
  return {
    place: value => from + ((Math.log10(value) - low) / span) * (to - from),
    ticks,
    logarithmic: true,
  };
}

function decadeTicks(least: number, most: number, steps: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let decade = Math.floor(Math.log10(least)); decade <= Math.ceil(Math.log10(most)); decade++) {
    ticks.push(...steps.map(step => step * 10 ** decade).filter(value => value >= least && value <= most));
  }
  return ticks;
}

function closeTicks(least: number, most: number): number[] {
  const step = niceStep((most - least) / 4);
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => (first + index) * step);
}

/** The least of 1, 2, 5 times a power of ten that is not below `value`. */
export function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5, 10].find(step => step * power >= value * 0.999) ?? 10);
}
