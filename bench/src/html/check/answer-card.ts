import type { CheckReport, SubjectReport } from '../../check/check-report.ts';
import { countsText, type Digest } from '../../check/report/digest.ts';
import { formatBase, formatHead, loadWarning } from '../../check/report/figures.ts';
import { element, escape } from '../markup.ts';
import { subjectLink } from './subject-title.ts';
import { canaryBadge, outcomeFates, verdictIcon } from './verdict-mark.ts';

/** The answer of the run, why, between which builds, and whether it can be trusted. */
export function renderAnswer(report: CheckReport, digest: Digest): string {
  const { outcome, env } = report;
  const warning = loadWarning(report);
  // What the canaries say stands below.
  const isSaid = (text: string): boolean =>
    outcome.canaries.some(({ subject, why }) => text === `${subject}: ${why}`);
  const [first = '', ...others] = outcome.why.filter(
    text => text !== answers[outcome.verdict] && !isSaid(text),
  );
  const canaries = outcome.canaries.map(canary =>
    element(
      'li',
      {},
      canaryBadge(canary),
      element('span', {}, canaryLink(report.subjects, canary.subject), ` ${escape(canary.why)}`),
    ),
  );
  return element(
    'section',
    { class: `card answer f-${outcomeFates[outcome.verdict]}` },
    element('h2', {}, verdictIcon(outcomeFates[outcome.verdict]), escape(answers[outcome.verdict])),
    first === '' ? '' : element('p', { class: 'why' }, escape(first)),
    others.length === 0 ? '' : element('ul', {}, ...others.map(text => element('li', {}, escape(text)))),
    element('p', { class: 'muted' }, escape(`${countsText(digest)}. Exit code ${outcome.exitCode}.`)),
    element(
      'p',
      { class: 'builds' },
      `head <code>${escape(formatHead(report.head))}</code> against base <code>${escape(formatBase(report.base))}</code>, `,
      escape(`${env.startedAt.slice(0, 16).replace('T', ' ')} UTC`),
    ),
    warning === undefined ? '' : element('p', { class: 'trouble' }, escape(`${warning}.`)),
    canaries.length === 0 ? '' : element('h3', {}, 'Canaries: what is known to be so'),
    canaries.length === 0 ? '' : element('ul', { class: 'canaries' }, ...canaries),
  );
}

function canaryLink(all: readonly SubjectReport[], name: string): string {
  const subject = all.find(candidate => candidate.name === name);
  return subject === undefined ? element('b', {}, escape(name)) : subjectLink(all, subject);
}

const answers = {
  ok: 'Nothing got slower',
  regression: 'Something got slower',
  inconclusive: 'Inconclusive',
  failed: 'A bench failed',
} as const;
