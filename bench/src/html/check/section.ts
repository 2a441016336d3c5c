import { element, escape } from '../markup.ts';

/** A part of the page under a title of its own. */
export function section(title: string, id: string, ...content: readonly string[]): string {
  return element('section', { id }, element('h2', { class: 'suite' }, escape(title)), ...content);
}
