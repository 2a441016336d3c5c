import type { AnalyzeReport, ReplicaReport } from '../analysis/report.ts';
import { percent, percentCell, ratio } from '../output/figures.ts';
import { printable } from '../output/printable.ts';
import { type Markup, markup } from './markup.ts';

/** Balance of the copies, and over how many zones they lie. */
export function replicaTable(report: AnalyzeReport): Markup {
  const hasZones = report.nodes.some(node => node.zone !== undefined);
  const rows = report.algorithms.flatMap(({ algorithm, replicas }) =>
    (replicas ?? []).map(replica => replicaRow(algorithm, replica, hasZones)),
  );
  const zoneHeads = hasZones
    ? markup`<th>order</th><th style="min-width:180px;text-align:left">zones of a list: 1, 2, …</th>`
    : markup``;
  const base = report.weighted ? 'fair' : 'average';
  return markup`<div class="scroll"><table><thead><tr><th>algorithm</th><th>peak / ${base}</th><th>least</th><th>deviation</th>${zoneHeads}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function replicaRow(
  algorithm: string,
  { spread, copies, zoneShares }: ReplicaReport,
  hasZones: boolean,
): Markup {
  const { balance } = copies;
  const parts = zoneShares.map((share, at) => {
    const tone = zoneShares.length === 1 ? 1 : 0.2 + (0.8 * at) / (zoneShares.length - 1);
    const zones = at === 0 ? '1 zone' : `${at + 1} zones`;
    return markup`<i style="width:${100 * share}%;opacity:${tone}" title="${percent(share)} of the keys in ${zones}"></i>`;
  });
  const zones = hasZones
    ? markup`<td>${spread === null ? 'plain' : 'zones first'}</td><td><div class="zones">${parts}</div></td>`
    : markup``;
  return markup`<tr><th>${spread === null ? printable(algorithm) : ''}</th><td>${ratio(balance.maxToFair)}</td><td>${ratio(balance.minToFair)}</td><td>${percentCell(balance.deviationToFair)}</td>${zones}</tr>`;
}
