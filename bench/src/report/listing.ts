import type { Contest } from '../plan.ts';
import { formatParams } from './format.ts';
import { goalText } from './goal-text.ts';

/** What would run, as text: for `--list`. */
export function renderListing(contests: readonly Contest[]): string {
  const lines: string[] = [];
  let suite = '';
  for (const contest of contests) {
    if (contest.suite !== suite) {
      suite = contest.suite;
      lines.push(suite);
    }
    lines.push(`  ${contest.bench.name}  ${formatParams(contest.params)}`.trimEnd());
    if (contest.bench.about !== undefined) lines.push(`    ${contest.bench.about}`);
    const sizes = [...new Set(contest.rows.map(row => row.threads))];
    const threads = contest.bench.threads === undefined ? '' : ` on ${sizes.join(', ')} threads`;
    const names = [...new Set(contest.rows.map(row => row.contender))];
    lines.push(`    contenders: ${names.join(', ')}${threads}`);
    for (const row of contest.rows) {
      if (row.skipped !== undefined) lines.push(`    skipped: ${row.contender}: ${row.skipped}`);
    }
    for (const goal of contest.bench.goals ?? [])
      lines.push(`    goal: ${goalText(goal, contest.bench.unit ?? 'ns')}`);
  }
  return `${lines.join('\n')}\n`;
}
