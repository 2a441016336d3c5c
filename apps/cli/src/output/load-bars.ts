import type { Paint } from './paint.ts';
import type { Cell } from './table.ts';

const nodesMax = 32;
/** Bars are full at this multiple of the fair load: an even one is half high. */
const scaleMax = 2;
const steps = '▁▂▃▄▅▆▇█';

/** One bar for each node, its load beside its fair load; no cell at all without colours or with too many nodes for a line. */
export function loadBars(loads: readonly number[], fair: readonly number[], paint: Paint): Cell[] {
  if (!paint.colours || loads.length > nodesMax) return [];
  const total = loads.reduce((sum, load) => sum + load, 0);
  const bars = loads.map((load, at) => {
    const share = fair[at] as number;
    if (share === 0) return ' ';
    const height = load / (total * share) / scaleMax;
    return steps[Math.min(steps.length - 1, Math.floor(height * steps.length))] as string;
  });
  return [{ text: bars.join(''), style: paint.cyan }];
}
