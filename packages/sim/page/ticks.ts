/** Round times across a span, at most `count` of them, and what stands at them. */
export function ticks(fromUs: number, toUs: number, count: number): { atUs: number; text: string }[] {
  const step = roundStep((toUs - fromUs) / Math.max(count, 1));
  const found: { atUs: number; text: string }[] = [];
  for (let place = Math.ceil(fromUs / step); place * step <= toUs; place++) {
    found.push({ atUs: place * step, text: tickText(place * step, step) });
  }
  return found;
}

/** The next of 1, 2, 5, 10, 20... that is not below `least`. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  for (const factor of [1, 2, 5]) if (factor * power >= least) return factor * power;
  return 10 * power;
}

/** As many digits as tell a tick from its neighbours. */
function tickText(atUs: number, step: number): string {
  if (step >= 1e6) return `${(atUs / 1e6).toLocaleString('en-US')} s`;
  const digits = Math.ceil(6 - Math.log10(step));
  return `${(atUs / 1e6).toFixed(digits)} s`;
}
