import type { CampaignEnd } from '../runner/campaign.ts';
import { count, counted } from '../runner/describe-failure.ts';
import { figure, rates } from './progress.ts';
import type { SimReport } from './report.ts';

const whyEnded: Readonly<Record<CampaignEnd, string>> = {
  done: '',
  failures: '; no more were started after so many failures (--failures)',
  deadline: '; the budget was over',
  aborted: '; it was interrupted',
};

/** The end of a campaign in plain words: failures with the lines that replay them, then sums, warnings last. */
export function renderReport({ found, campaign, seconds, failures, neverReached }: SimReport): string {
  const { totals, ended } = campaign;
  const lines: string[] = [];
  for (const { text, kept } of failures) {
    lines.push(text.trimEnd());
    if (kept !== undefined)
      lines.push(`  kept in ${kept}; where it is mended, expect { "verdict": "ok" } there`);
    lines.push('');
  }
  const described = new Set(failures.map(({ outcome }) => outcome.seed));
  const others = totals.failures.filter(({ seed }) => !described.has(seed));
  if (others.length > 0) {
    const seeds = others.slice(0, 20).map(({ seed }) => seed);
    lines.push(`Other seeds that failed: ${seeds.join(', ')}${others.length > 20 ? ' and more' : ''}`);
  }
  for (const [rule, failed] of totals.rules) lines.push(`${rule}: ${counted(failed, 'seed')}`);
  const perSecond = figure(totals.events / Math.max(0.001, seconds));
  lines.push(
    `${found.id}: ${counted(totals.seeds, 'seed')} in ${figure(seconds)} s, ${count(totals.failed)} failed${whyEnded[ended]}`,
    `${rates(totals, seconds * 1000)}, ${count(totals.events)} events (${perSecond}/s)`,
  );
  if (totals.swarm.size > 0)
    lines.push(`faults by the share of seeds that had them: ${shares(totals.swarm, totals.seeds)}`);
  if (neverReached.length > 0 && totals.seeds > 0) {
    lines.push(`Warning: no seed reached ${neverReached.join(', ')}: what stands behind was not tested`);
  }
  return `${lines.join('\n')}\n`;
}

function shares(counts: ReadonlyMap<string, number>, seeds: number): string {
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, had]) => `${kind} ${Math.round((100 * had) / seeds)} %`)
    .join(', ');
}
