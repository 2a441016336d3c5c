import { element, escape, tip } from '../markup.ts';

/**
 * Drawings as wide as the page lets them be, whose text and marks keep their size: places are per cent of the width and height.
 * Text beside a drawing lies outside of its box, so its box needs room around it.
 */
export function fluidDrawing(about: string, height: string, ...children: readonly string[]): string {
  const attributes = { class: 'fluid', role: 'img', 'aria-label': about, style: `height:${height}` };
  return element('svg', attributes, ...children);
}

export function percent(place: number): string {
  return `${Math.round(place * 100) / 100}%`;
}

/** A line between two places; those of both axes in per cent. */
export function fluidLine(x1: number, y1: number, x2: number, y2: number, className: string): string {
  const [from, to] = [
    { x1: percent(x1), y1: percent(y1) },
    { x2: percent(x2), y2: percent(y2) },
  ];
  return element('line', { ...from, ...to, class: className });
}

/** An area from one corner to the other. */
export function fluidArea(x1: number, y1: number, x2: number, y2: number, className: string): string {
  const [left, right] = [Math.min(x1, x2), Math.max(x1, x2)];
  const [top, bottom] = [Math.min(y1, y2), Math.max(y1, y2)];
  return element('rect', {
    x: percent(left),
    y: percent(top),
    width: percent(right - left),
    height: percent(bottom - top),
    class: className,
  });
}

/** Shapes around a place, in their own size, with what a pointer that rests on them is told. */
export function fluidAt(x: number, y: number, about: string, ...shapes: readonly string[]): string {
  const attributes = { x: percent(x), y: percent(y), class: 'at' };
  return element('svg', attributes, ...(about === '' ? [] : [tip(about)]), ...shapes);
}

/** Text at a place, moved from there by pixels. */
export function fluidText(
  x: number,
  y: number,
  text: string,
  attributes: Readonly<Record<string, string | number>> = {},
): string {
  return element('text', { x: percent(x), y: percent(y), ...attributes }, escape(text));
}
