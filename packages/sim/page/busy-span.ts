import type { Run } from './run.ts';

/** Nothing at all for so large a part of the run, and the rest would have no room beside it. */
const QUIET_SHARE = 1 / 4;

/** When what is around an event begins and ends: so many events before and after it, as far as no long silence lies between. */
export function busySpan(
  run: Pick<Run, 'time' | 'count'> & { readonly data: { readonly endUs: number } },
  event: number,
  before: number,
  after: number,
): [fromUs: number, toUs: number] {
  const quietUs = run.data.endUs * QUIET_SHARE;
  const reach = (end: number, step: 1 | -1): number => {
    let atUs = run.time(event);
    for (let next = event + step; (end - next) * step >= 0; next += step) {
      if (Math.abs(run.time(next) - atUs) > quietUs) break;
      atUs = run.time(next);
    }
    return atUs;
  };
  return [reach(Math.max(event - before, 0), -1), reach(Math.min(event + after, run.count - 1), 1)];
}
