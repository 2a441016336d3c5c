import type { CheckReport } from '../../check/check-report.ts';
import { type Digest, fateOf } from '../../check/report/digest.ts';
import { element, escape } from '../markup.ts';
import { section } from './section.ts';
import { subjectLink } from './subject-title.ts';
import { verdictBadge } from './verdict-mark.ts';

/** What was not compared and why, and what is in one of the builds alone. */
export function renderLeftOut(report: CheckReport, digest: Digest): string {
  const item = (badge: string, name: string, why: string): string =>
    element('li', {}, badge, element('span', {}, name, ` ${escape(why)}`));
  const bold = (name: string): string => element('b', {}, escape(name));
  const tag = (text: string): string => element('span', { class: 'tag' }, text);
  const items = [
    ...digest.notCompared.map(subject =>
      item(verdictBadge(fateOf(subject)), subjectLink(report.subjects, subject), subject.why ?? ''),
    ),
    ...report.subjects
      .filter(({ presence }) => presence === 'new')
      .map(subject =>
        item(
          tag('new'),
          subjectLink(report.subjects, { ...subject, presence: null }),
          "base's suites do not have it",
        ),
      ),
    ...report.gone.map(name => item(tag('gone'), bold(name), "head's suites do not have it")),
    ...report.leftOut.map(({ name, why }) => item(tag('left out'), bold(name), why)),
  ];
  if (items.length === 0) return '';
  return section('New, gone and not compared', 'rest', element('ul', { class: 'card list' }, ...items));
}
