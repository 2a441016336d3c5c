import type { Analysis } from '../analysis/analysis.ts';
import type { AnalyzeReport } from '../analysis/report.ts';
import { count, counted, percent, weight } from '../output/figures.ts';
import { clipped, printable } from '../output/printable.ts';
import { balanceCards, isSorted } from './balance-cards.ts';
import { Markup, markup } from './markup.ts';
import { laneKey, movementLanes } from './movement-lanes.ts';
import { colourClass, colourRules } from './node-colours.ts';
import { pageStyle } from './page-style.ts';
import { replicaTable } from './replica-table.ts';
import { isDrawable, ownersAround, ringPicture } from './ring-picture.ts';

/** More pictures than this of what moves around the circle say nothing more. */
const ringsOfChangesMax = 5;
const slicesNow = 1800;
const slicesMoved = 14_400;
/** With more nodes than this their colours are no longer told apart, and a legend is longer than what it explains. */
const openLegendMax = 24;
const legendMax = 500;

/**
 * The report as one self-contained page: no script, no image, nothing that is fetched, which its own policy enforces.
 *
 * The same report gives the same bytes: there is no date in it.
 */
export function analyzePage(report: AnalyzeReport, analysis: Analysis): string {
  const title = `${counted(report.keys.distinct, 'key')} on ${counted(report.nodes.length, 'node')}`;
  const joining = report.changes.flatMap(change => change.add.map(node => node.id));
  const style = new Markup(`${pageStyle}${colourRules(report.nodes.length + joining.length)}\n`);
  const page = markup`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${style}</style></head><body><main>
<h1>How your keys spread</h1>${summary(report)}
${ringSection(report, analysis)}
${balanceSection(report)}
${movementSection(report)}
${replicaSection(report)}
${leftOutSection(report)}
<footer>Written by <code>quorate ring analyze</code>. Figures are counts over the keys that were given, not estimates.</footer>
</main></body></html>
`;
  return page.text;
}

function summary({ keys, nodes, weighted, samplingNoise }: AnalyzeReport): Markup {
  const repeats = keys.requests - keys.distinct;
  const zones = new Set(nodes.flatMap(node => node.zone ?? [])).size;
  const parts = [
    counted(keys.distinct, 'distinct key'),
    ...(repeats === 0 ? [] : [`${count(keys.requests)} read`]),
    counted(nodes.length, 'node'),
    ...(weighted ? ['weighted'] : []),
    ...(zones === 0 ? [] : [counted(zones, 'zone')]),
  ];
  const hot =
    keys.hottest === undefined
      ? markup``
      : markup` The hottest key, <code>${clipped(printable(keys.hottest.key), 60)}</code>, has ${counted(keys.hottest.requests, 'request')}: ${percent(keys.hottest.share)} of all.`;
  return markup`<p class="soft">${parts.join(' · ')}</p>
<p>On this many keys, chance alone gives a perfect hash a deviation of ${percent(samplingNoise)}: smaller differences mean nothing.${hot}</p>`;
}

function ringSection(report: AnalyzeReport, analysis: Analysis): Markup {
  const contender = analysis.contenders.find(({ ring }) => isDrawable(ring));
  const ids = [...report.nodes, ...report.changes.flatMap(change => change.add)].map(node => node.id);
  const colours = new Map(ids.map((id, position) => [id, position]));
  if (contender === undefined) return markup`${legend(report)}`;
  const before = ownersAround(contender.ring, slicesMoved);
  const { label } = contender.spec;
  const pictures = contender.movements.slice(0, ringsOfChangesMax).map(({ change, ring, moved }) => {
    const middle = [percent(moved / analysis.keys), 'of your keys move'] as const;
    const picture = ringPicture(ownersAround(ring, slicesMoved), before, colours, middle);
    return markup`<figure>${picture}<figcaption>${printable(change.label)}: what moves, in the colour of its new owner</figcaption></figure>`;
  });
  const now = ownersAround(contender.ring, slicesNow);
  const first = ringPicture(now, undefined, colours, [count(report.nodes.length), 'nodes']);
  return markup`<h2>The hash space</h2><p class="soft">Who owns what under <code>${printable(label)}</code>, clockwise from the top.</p>
<div class="rings"><figure>${first}<figcaption>now</figcaption></figure>${pictures}</div>${legend(report)}`;
}

function legend({ nodes, weighted, changes }: AnalyzeReport): Markup {
  const joining = changes.flatMap(change => change.add);
  const shown = [...nodes, ...joining].slice(0, legendMax);
  const items = shown.map((node, at) => {
    const notes = [
      ...(weighted || node.weight === 0 ? [`weight ${weight(node.weight)}`] : []),
      ...(node.zone === undefined ? [] : [printable(node.zone)]),
      ...(at < nodes.length ? [] : ['joins']),
    ];
    const note = notes.length === 0 ? markup`` : markup` <span class="soft">${notes.join(', ')}</span>`;
    return markup`<li><span class="swatch ${colourClass(at)}"></span><span>${printable(node.id)}${note}</span></li>`;
  });
  const rest = nodes.length + joining.length - shown.length;
  const more = rest === 0 ? markup`` : markup`<li class="soft">… and ${rest} more</li>`;
  const list = markup`<ul class="legend">${items}${more}</ul>`;
  if (items.length <= openLegendMax) return list;
  return markup`<details><summary>${count(nodes.length + joining.length)} nodes and their colours</summary>${list}</details>`;
}

function balanceSection(report: AnalyzeReport): Markup {
  const fair = report.weighted ? 'the part of its weight' : 'the average';
  const order = isSorted(report) ? 'from the most to the least loaded' : 'in the order of your file';
  const byKeys = report.algorithms.map(row => ({ label: row.algorithm, load: row.keys }));
  const byRequests = report.algorithms.flatMap(row =>
    row.requests === undefined ? [] : [{ label: row.algorithm, load: row.requests }],
  );
  const requests =
    byRequests.length === 0
      ? markup``
      : markup`<h2>Balance of requests</h2><p class="soft">The same with repeats counted: hot keys weigh on their owner, whatever the algorithm.</p>${balanceCards(report, byRequests, 'requests')}`;
  return markup`<h2>Balance of keys</h2>
<p class="soft">One bar for each node, ${order}; the dashed line is ${fair}. All cards have one scale.</p>
${balanceCards(report, byKeys, 'keys')}${requests}`;
}

function movementSection(report: AnalyzeReport): Markup {
  if (report.changes.length === 0) return markup``;
  const lanes = report.changes.map((_, position) => movementLanes(report, position));
  return markup`<h2>What moves</h2>${laneKey}${lanes}`;
}

function replicaSection(report: AnalyzeReport): Markup {
  if (report.replicas < 2) return markup``;
  return markup`<h2>${report.replicas} copies of each key</h2>
<p class="soft">Copies by node beside what their weights ask for, when each key lies on ${report.replicas} nodes.</p>${replicaTable(report)}`;
}

function leftOutSection({ leftOut }: AnalyzeReport): Markup {
  if (leftOut.length === 0) return markup``;
  const rows = leftOut.map(({ algorithm, reason }) => {
    return markup`<dt>${printable(algorithm)}</dt><dd>${printable(reason)}</dd>`;
  });
  return markup`<h2>Left out</h2><dl>${rows}</dl>`;
}
