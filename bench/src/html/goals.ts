import { formatGoal, formatRatioInterval, formatSpeedup, formatValue } from '../report/format.ts';
import type { Report, Verdict } from '../report/report.ts';
import { element, escape } from './markup.ts';

interface GoalLine {
  readonly where: string;
  readonly what: string;
  readonly goal: string;
  readonly measured: string;
  readonly verdict: Verdict;
  readonly why: string;
}

/** All goals of a report beside what was measured; nothing where there are none. */
export function renderGoals(report: Report): string {
  const goals = goalLines(report);
  if (goals.length === 0) return '';
  const head = ['', 'bench', 'what', 'goal', 'measured', ''].map(text => element('th', {}, text)).join('');
  const body = goals.map(goal =>
    element(
      'tr',
      {},
      element('td', {}, element('span', { class: `verdict v-${goal.verdict}` }, goal.verdict)),
      element('td', {}, escape(goal.where)),
      element('td', {}, escape(goal.what)),
      element('td', { class: 'number' }, escape(goal.goal)),
      element('td', { class: 'number' }, escape(goal.measured)),
      element('td', { class: 'muted' }, escape(goal.why)),
    ),
  );
  const met = goals.filter(goal => goal.verdict === 'met').length;
  return element(
    'section',
    { class: 'card' },
    element('h2', {}, `Goals: ${met} of ${goals.length} met`),
    element(
      'div',
      { class: 'scroll' },
      element('table', { class: 'goals' }, element('thead', {}, element('tr', {}, head)), ...body),
    ),
  );
}

function goalLines(report: Report): GoalLine[] {
  return report.suites.flatMap(suite => {
    const times = suite.benches.flatMap((row): GoalLine[] => {
      if (row.goal === undefined) return [];
      const spread = row.nsPerOp ?? row.amount;
      const measured = spread ? formatValue(spread.median, row.unit) : 'no result';
      const goal = `≤ ${formatValue(row.goal.limit, row.unit)}`;
      return [
        {
          where: `${suite.name}/${row.name}`,
          what: row.contender,
          goal,
          measured,
          verdict: row.goal.verdict,
          why: '',
        },
      ];
    });
    const ratios = suite.ratios.flatMap((ratio): GoalLine[] => {
      const { goal } = ratio;
      if (goal === undefined) return [];
      const measured = goal.atLeast === undefined ? formatRatioInterval(ratio) : formatSpeedup(ratio);
      const nodes = ratio.params['nodes'];
      const where = `${suite.name}/${ratio.bench}${nodes === undefined ? '' : `, ${nodes} nodes`}`;
      const control = goal.control === undefined ? '' : `control ${goal.control.toFixed(2)}x`;
      const what = `${ratio.of} / ${ratio.to}`;
      return [
        { where, what, goal: formatGoal(goal), measured, verdict: goal.verdict, why: goal.why ?? control },
      ];
    });
    return [...times, ...ratios];
  });
}
