import type { SubjectReport } from '../../check/check-report.ts';
import { element, escape } from '../markup.ts';

/** A subject's name: its bench first and foremost, then what tells it from others of that bench. */
export function subjectTitle({ name, suite, bench, presence }: SubjectReport): string {
  const first = `${suite}/${bench}`;
  const rest = name.startsWith(first) ? name.slice(first.length).replace(/^ · /, '') : '';
  return element(
    'span',
    { class: 'title' },
    element('b', {}, escape(rest === '' ? name : first)),
    rest === '' ? '' : element('span', { class: 'params' }, escape(rest)),
    presence === 'new' ? element('span', { class: 'tag' }, 'new') : '',
  );
}

/** Where the page has more about a subject. */
export function subjectId(subjects: readonly SubjectReport[], { name }: SubjectReport): string {
  return `subject-${subjects.findIndex(subject => subject.name === name)}`;
}

/** The name as a link to there. */
export function subjectLink(subjects: readonly SubjectReport[], subject: SubjectReport): string {
  return element('a', { href: `#${subjectId(subjects, subject)}` }, subjectTitle(subject));
}
