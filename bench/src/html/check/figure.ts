import { element, escape } from '../markup.ts';

/** A drawing with its title, and below it what its marks mean. Nothing where there is no drawing. */
export function figure(title: string, drawing: string, legend: readonly string[] = []): string {
  if (drawing === '') return '';
  const keys = legend.length === 0 ? '' : element('p', { class: 'legend' }, ...legend);
  return element('figure', {}, element('figcaption', {}, escape(title)), drawing, keys);
}

/** A shape and what it means. */
export function legendKey(shape: string, text: string): string {
  const icon = element('svg', { class: 'icon', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, shape);
  return element('span', { class: 'key' }, icon, escape(text));
}

/** Room around drawings for the text beside them, and for one or two lines of text below. */
export function plotBox(linesBelow: 1 | 2, ...drawings: readonly string[]): string {
  return element('div', { class: `plotbox below-${linesBelow}` }, ...drawings);
}
