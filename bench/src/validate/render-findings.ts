import type { Findings, Share } from './summary.ts';

/** What runs have shown beside the goals, as text. */
export function renderFindings(all: readonly Findings[]): string {
  return all.map(renderOne).join('\n');
}

function renderOne(findings: Findings): string {
  const { condition, runs, falseAlarms, falseRuns, undecidedRuns, caught, fasterAlarms, bias, seconds } =
    findings;
  const lines = [
    `${condition === 'all' ? 'All conditions' : condition}: ${runs} ${runs === 1 ? 'run' : 'runs'}`,
    line('false alarms, comparisons of unchanged benches', text(falseAlarms), '0'),
    line('false alarms, whole runs', text(falseRuns), '< 1 %'),
    line('unchanged runs neither red nor green', text(undecidedRuns), ''),
    ...Object.entries(caught).map(([percent, share]) =>
      line(`+${percent} % caught`, text(share), `≥ ${Number(percent) >= 10 ? 99 : 95} %`),
    ),
    line('faster benches called slower', text(fasterAlarms), '0'),
    ...Object.entries(bias).map(([percent, { mean, worst, bench }]) =>
      line(
        `bias at ${Number(percent) > 0 ? '+' : ''}${percent} %, points`,
        `${mean.toFixed(2)}; worst bench ${worst.toFixed(2)} (${bench})`,
        '≤ 0.5',
      ),
    ),
    ...(seconds === null
      ? []
      : [
          line(
            '20 unchanged benches take',
            `${seconds.median.toFixed(0)} s, p90 ${seconds.p90.toFixed(0)} s`,
            goalSeconds(condition),
          ),
        ]),
    ...(findings.pairsUnchanged === null
      ? []
      : [line('pairs an unchanged bench takes', findings.pairsUnchanged.toFixed(1), '')]),
  ];
  return `${lines.join('\n')}\n`;
}

function goalSeconds(condition: Findings['condition']): string {
  if (condition === 'quiet') return '≤ 180 s';
  return condition === 'one neighbour' || condition === 'twin' ? '≤ 360 s' : '';
}

function line(what: string, found: string, goal: string): string {
  return `  ${what.padEnd(48)} ${found}${goal === '' ? '' : `   goal ${goal}`}`;
}

function text(share: Share | null): string {
  if (share === null) return 'none measured';
  const { count, of, lo, hi } = share;
  return `${count} of ${of} = ${percent(count / of)} [${percent(lo)}, ${percent(hi)}]`;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value === 100 ? value : value < 1 ? value.toPrecision(2) : value.toFixed(1)} %`;
}
