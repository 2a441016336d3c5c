import type { AlgorithmReport, AnalyzeReport, Load, MovementReport } from '../analysis/report.ts';
import { loadBars } from './load-bars.ts';
import { count, counted, percent, percentCell, ratio, weight } from './figures.ts';
import type { Paint } from './paint.ts';
import { clipped, printable } from './printable.ts';
import { type Cell, type Column, tableLines } from './table.ts';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

/** The report of `quorate ring analyze` as lines of text; bars and colours only where `paint` has colours. */
export function analyzeLines(report: AnalyzeReport, paint: Paint): string[] {
  const sections = [
    summary(report, paint),
    keyBalance(report, paint),
    ...(report.algorithms.some(({ requests }) => requests !== undefined)
      ? [requestBalance(report, paint)]
      : []),
    ...(report.replicas > 1 ? [replicaBalance(report, paint)] : []),
    ...(report.algorithms.length === 1 ? [nodeTable(report, paint)] : []),
    ...report.changes.map((_, position) => movement(report, position, paint)),
    leftOut(report, paint),
  ];
  return sections
    .filter(lines => lines.length > 0)
    .flatMap((lines, position) => (position === 0 ? lines : ['', ...lines]));
}

function summary({ keys, nodes, weighted }: AnalyzeReport, paint: Paint): string[] {
  const repeats = keys.requests - keys.distinct;
  const read = repeats === 0 ? '' : ` (${count(keys.requests)} read, ${counted(repeats, 'repeat')})`;
  const weights = nodes.map(node => node.weight);
  const [lightest, heaviest] = [
    weights.reduce((a, b) => Math.min(a, b)),
    weights.reduce((a, b) => Math.max(a, b)),
  ];
  const zones = new Set(nodes.map(node => node.zone).filter(zone => zone !== undefined)).size;
  const parts = [
    `${counted(keys.distinct, 'distinct key')}${read} on ${counted(nodes.length, 'node')}`,
    ...(weighted || lightest !== heaviest ? [`weights ${weight(lightest)} to ${weight(heaviest)}`] : []),
    ...(zones === 0 ? [] : [counted(zones, 'zone')]),
    ...(keys.empty === 0 ? [] : [`${counted(keys.empty, 'empty line')} left out`]),
  ];
  const hot = keys.hottest;
  if (hot === undefined) return [paint.bold(parts.join(', '))];
  const name = clipped(printable(JSON.stringify(hot.key)), 40);
  return [
    paint.bold(parts.join(', ')),
    `The hottest key, ${name}, has ${counted(hot.requests, 'request')}: ${percent(hot.share)} of all`,
  ];
}

function keyBalance(report: AnalyzeReport, paint: Paint): string[] {
  const noise = percent(report.samplingNoise);
  return [
    `${paint.bold('Balance of keys')}: even is 1.000; chance alone gives a perfect hash a deviation of ${noise}`,
    ...balanceTable(report, paint, row => row.keys),
  ];
}

function requestBalance(report: AnalyzeReport, paint: Paint): string[] {
  const title = `${paint.bold('Balance of requests')}: ${counted(report.keys.requests, 'request')}, repeats counted`;
  return [title, ...balanceTable(report, paint, row => row.requests)];
}

function balanceTable(
  report: AnalyzeReport,
  paint: Paint,
  loadOf: (row: AlgorithmReport) => Load | undefined,
): string[] {
  const fair = report.nodes.map(node => node.fairShare);
  const rows = report.algorithms.flatMap(row => {
    const load = loadOf(row);
    if (load === undefined) return [];
    return [[row.algorithm, ...balanceCells(load, report.weighted), ...loadBars(load.perNode, fair, paint)]];
  });
  const bars = (rows[0]?.length ?? 0) > balanceColumns(report.weighted).length + 1 ? [left('nodes')] : [];
  return tableLines([left('algorithm'), ...balanceColumns(report.weighted), ...bars], rows, paint.dim);
}

function balanceColumns(weighted: boolean): Column[] {
  const base = weighted ? 'fair' : 'avg';
  return [
    right(`max/${base}`),
    right(`min/${base}`),
    right('deviation'),
    ...(weighted ? [right('share error')] : []),
  ];
}

function balanceCells({ balance }: Load, weighted: boolean): Cell[] {
  return [
    ratio(balance.maxToFair),
    ratio(balance.minToFair),
    percentCell(balance.deviationToFair),
    ...(weighted ? [percentCell(balance.shareError)] : []),
  ];
}

function replicaBalance(report: AnalyzeReport, paint: Paint): string[] {
  const hasZones = report.nodes.some(node => node.zone !== undefined);
  const zones = new Set(report.nodes.filter(node => node.weight > 0).map(node => node.zone)).size;
  const reachable = Math.min(zones, report.replicas);
  const columns = [
    left('algorithm'),
    ...(hasZones ? [left('order')] : []),
    ...balanceColumns(report.weighted),
    ...(hasZones ? [right(`in ${counted(reachable, 'zone')}`)] : []),
  ];
  const rows = report.algorithms.flatMap(row =>
    (row.replicas ?? []).map(({ spread, copies, zoneShares }) => [
      row.algorithm,
      ...(hasZones ? [spread === null ? 'plain' : 'zones first'] : []),
      ...balanceCells(copies, report.weighted),
      ...(hasZones ? [percentCell(zoneShares[reachable - 1] ?? 0)] : []),
    ]),
  );
  const title = `${paint.bold(`Balance of ${report.replicas} copies of each key`)} on as many nodes`;
  return [title, ...tableLines(columns, rows, paint.dim)];
}

function nodeTable(report: AnalyzeReport, paint: Paint): string[] {
  const [row] = report.algorithms as [AlgorithmReport];
  const hasZones = report.nodes.some(node => node.zone !== undefined);
  const columns = [
    left('node'),
    ...(hasZones ? [left('zone')] : []),
    ...(report.weighted ? [right('weight')] : []),
    right('keys'),
    right('share'),
    right('fair'),
    ...(row.requests === undefined ? [] : [right('requests'), right('share')]),
  ];
  const rows = report.nodes.map((node, at) => {
    const keys = row.keys.perNode[at] as number;
    const requests = row.requests?.perNode[at];
    return [
      node.id,
      ...(hasZones ? [node.zone ?? ''] : []),
      ...(report.weighted ? [weight(node.weight)] : []),
      count(keys),
      percentCell(keys / report.keys.distinct),
      percentCell(node.fairShare),
      ...(requests === undefined ? [] : [count(requests), percentCell(requests / report.keys.requests)]),
    ];
  });
  return [paint.bold(`Nodes under ${row.algorithm}`), ...tableLines(columns, rows, paint.dim)];
}

function movement(report: AnalyzeReport, position: number, paint: Paint): string[] {
  const { label, minimum } = report.changes[position] as AnalyzeReport['changes'][number];
  const results = report.algorithms.map(row => [row.algorithm, row.changes[position]] as const);
  const rows = results.flatMap(([name, result]) =>
    result?.possible === true ? [movementRow(report, name, result, minimum, paint)] : [],
  );
  const withRequests = report.algorithms.some(row => row.requests !== undefined);
  const columns = [
    left('algorithm'),
    right('moved'),
    right('of minimum'),
    right('between untouched nodes'),
    ...(withRequests ? [right('requests moved')] : []),
  ];
  const refused = results.flatMap(([name, result]) =>
    result?.possible === false ? [paint.dim(`${name} cannot: ${printable(result.reason)}`)] : [],
  );
  return [
    `${paint.bold(printable(label))}: ${percent(minimum)} of the keys have to move`,
    ...(rows.length === 0 ? [] : tableLines(columns, rows, paint.dim)),
    ...refused,
    ...(position === 0 && results.some(([, result]) => isUneven(result, minimum))
      ? [paint.dim('Not 1.000, yet nothing between untouched nodes: who came or went holds an uneven share.')]
      : []),
  ];
}

function movementRow(
  report: AnalyzeReport,
  name: string,
  result: MovementReport & { possible: true },
  minimum: number,
  paint: Paint,
): Cell[] {
  const needless = `${count(result.unnecessaryKeys)} (${percent(result.unnecessary)})`;
  return [
    name,
    percentCell(result.moved),
    minimum === 0 ? '–' : ratio(result.moved / minimum),
    result.unnecessaryKeys === 0
      ? { text: '0', style: paint.green }
      : { text: needless, style: result.unnecessary > 0.01 ? paint.red : paint.yellow },
    ...(result.movedRequests === undefined ? [] : [percentCell(result.movedRequests / report.keys.requests)]),
  ];
}

/** Whether the moved share is beside the minimum although no key moved without need. */
function isUneven(result: MovementReport | undefined, minimum: number): boolean {
  return (
    result?.possible === true && result.unnecessaryKeys === 0 && Math.abs(result.moved / minimum - 1) > 0.005
  );
}

function leftOut({ leftOut: list }: AnalyzeReport, paint: Paint): string[] {
  if (list.length === 0) return [];
  return [
    paint.bold('Left out'),
    ...list.map(({ algorithm, reason }) => paint.dim(`${algorithm}: ${printable(reason)}`)),
  ];
}
