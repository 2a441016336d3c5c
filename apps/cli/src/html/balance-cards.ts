import { knownAlgorithms } from '../analysis/algorithm-spec.ts';
import type { AnalyzeReport, Load } from '../analysis/report.ts';
import { count, percent, percentCell, ratio } from '../output/figures.ts';
import { printable } from '../output/printable.ts';
import { type Markup, markup } from './markup.ts';
import { colourClass } from './node-colours.ts';

const width = 300;
const height = 96;
/** With more nodes than this a card shows the distribution, for single nodes cannot be told apart. */
const inFileOrderMax = 32;

/** A load to be drawn, and under which name. */
export interface NamedLoad {
  readonly label: string;
  readonly load: Load;
}

/** One card for each load: a bar for each node, its height the load beside its fair load, all cards to one scale. */
export function balanceCards(report: AnalyzeReport, loads: readonly NamedLoad[], unit: string): Markup {
  const peak = loads.reduce((max, { load }) => Math.max(max, load.balance.maxToFair), 0);
  const scaleMax = Math.max(1.25, peak * 1.05);
  const cards = loads.map(({ label, load }) => {
    const { balance } = load;
    const base = report.weighted ? 'fair' : 'average';
    const error = report.weighted
      ? markup`<span>on the wrong node <b>${percentCell(balance.shareError)}</b></span>`
      : markup``;
    return markup`<article class="card"><header><h3>${printable(label)}</h3></header>
<p class="about">${aboutOf(label)}</p>${bars(report, load, scaleMax, unit)}
<div class="facts"><span>peak / ${base} <b>${ratio(balance.maxToFair)}</b></span>
<span>least <b>${ratio(balance.minToFair)}</b></span>
<span>deviation <b>${percentCell(balance.deviationToFair)}</b></span>${error}</div></article>`;
  });
  return markup`<div class="cards">${cards}</div>`;
}

/** Whether bars are sorted by load instead of keeping the order of the nodes file. */
export function isSorted({ nodes }: AnalyzeReport): boolean {
  return nodes.length > inFileOrderMax;
}

function aboutOf(label: string): string {
  const name = label.split(':')[0] ?? '';
  return Object.entries(knownAlgorithms).find(([known]) => known === name)?.[1].about ?? '';
}

function bars(report: AnalyzeReport, { balance, perNode }: Load, scaleMax: number, unit: string): Markup {
  const step = width / perNode.length;
  const gap = Math.min(3, step * 0.2);
  const y = (value: number): number => height * (1 - value / scaleMax);
  const sorted = isSorted(report);
  const values = perNode.map((load, at) => {
    const { fairShare } = report.nodes[at] as AnalyzeReport['nodes'][number];
    return { at, load, value: fairShare === 0 ? 0 : load / (balance.total * fairShare) };
  });
  if (sorted) values.sort((left, right) => right.value - left.value);
  const drawn = values.map(({ at, load, value }, place) => {
    const id = printable(report.nodes[at]?.id ?? '');
    const says = `${id}: ${count(load)} ${unit}, ${percent(load / balance.total)}, ${ratio(value)} of fair`;
    const colour = sorted ? 'plain' : colourClass(at);
    return markup`<rect class="bar ${colour}" x="${place * step + gap / 2}" y="${y(value)}" width="${step - gap}" height="${height - y(value)}"><title>${says}</title></rect>`;
  });
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="Load by node">${drawn}<line class="fair" x1="0" x2="${width}" y1="${y(1)}" y2="${y(1)}"/></svg>`;
}
