import type { BenchRow } from '../report/report.ts';

/** Colours of the contenders, by their place in a bench; the style sheet has them for light and dark pages. */
export const colourCount: number = 8;

/** The class that gives a contender its colour in every plot of its bench; controls are grey. */
export function colourClass(rows: readonly BenchRow[], contender: string): string {
  const row = rows.find(candidate => candidate.contender === contender);
  if (row?.control === true) return 'c-control';
  const names = [...new Set(rows.filter(other => other.control !== true).map(other => other.contender))];
  return `c${names.indexOf(contender) % colourCount}`;
}

/** A contender, and its threads where its bench runs in groups. */
export function rowName(row: BenchRow): string {
  if (row.params['threads'] === undefined) return row.contender;
  return `${row.contender}, ${row.threads} ${row.threads === 1 ? 'thread' : 'threads'}`;
}
