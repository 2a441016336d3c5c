import type { AnalyzeReport, MovementReport } from '../analysis/report.ts';
import { count, percent, percentCell, ratio } from '../output/figures.ts';
import { printable } from '../output/printable.ts';
import { type Markup, markup } from './markup.ts';

/** One change: for each algorithm the moved share beside the minimum, what was not necessary in red. */
export function movementLanes(report: AnalyzeReport, position: number): Markup {
  const change = report.changes[position] as AnalyzeReport['changes'][number];
  const results = report.algorithms.map(
    row => [row.algorithm, row.changes[position] as MovementReport] as const,
  );
  const most = results.reduce(
    (max, [, result]) => Math.max(max, result.possible ? result.moved : 0),
    change.minimum,
  );
  const scaleMax = most === 0 ? 1 : most * 1.04;
  const lanes = results.map(([name, result]) => lane(name, result, change.minimum, scaleMax));
  return markup`<article class="card" style="margin-top:16px"><header><h3>${printable(change.label)}</h3>
<span class="soft">minimum ${percent(change.minimum)}</span></header>
<div class="moves"><div class="row heads"><span class="head">algorithm</span><span class="head">moved</span><span class="head figure">moved · of minimum</span><span class="head figure">between untouched nodes</span></div>${lanes}</div></article>`;
}

/** What the colours of the lanes mean. */
export const laneKey: Markup = markup`<p class="soft"><span class="key"><i></i>moved to or from a node that changed</span><span class="key"><i class="bad"></i>moved between untouched nodes</span><span class="key"><u></u>minimum</span></p>`;

function lane(name: string, result: MovementReport, minimum: number, scaleMax: number): Markup {
  if (!result.possible) {
    return markup`<div class="row"><span class="name">${printable(name)}</span><span class="wide">cannot: ${printable(result.reason)}</span></div>`;
  }
  const needed = (100 * (result.moved - result.unnecessary)) / scaleMax;
  const needless = (100 * result.unnecessary) / scaleMax;
  const times = minimum === 0 ? '' : ` · ${ratio(result.moved / minimum)}`;
  const extra =
    result.unnecessaryKeys === 0
      ? markup`<span class="figure soft needless">0</span>`
      : markup`<span class="figure bad-text needless">${count(result.unnecessaryKeys)} (${percentCell(result.unnecessary)})</span>`;
  return markup`<div class="row"><span class="name">${printable(name)}</span>
<span class="lane"><i style="width:${needed}%"></i><i class="bad" style="left:${needed}%;width:${needless}%"></i><u style="left:${(100 * minimum) / scaleMax}%"></u></span>
<span class="figure">${percentCell(result.moved)}${times}</span>${extra}</div>`;
}
