import type { Layout } from './lane-layout.ts';
import type { RunModel } from './run-model.ts';
import type { View } from './view.ts';

/** An event of one of the runs. */
export interface Target {
  readonly run: number;
  readonly event: number;
}

/** Everything that a drawing shows. */
export interface Scene {
  readonly models: readonly RunModel[];
  readonly view: View;
  layout: Layout;
  palette: Palette;
  selected: Target | undefined;
  hovered: Target | undefined;
  /** Position of the first event that differs, in both runs. */
  readonly divergence: number | undefined;
}

const names = [
  'page',
  'card',
  'ink',
  'muted',
  'line',
  'strong',
  'met',
  'missed',
  'missed-soft',
  'unclear',
  'c0',
  'c0-soft',
  'c1',
  'c2',
  'c2-soft',
  'c3',
  'c4',
  'c5',
  'c6',
  'c7',
] as const;

export type Palette = Readonly<Record<(typeof names)[number], string>>;

/** The style sheet's colours, light or dark as they are just now. */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(names.map(name => [name, style.getPropertyValue(`--${name}`).trim()])) as Palette;
}

export const smallFont = "11.5px system-ui, -apple-system, 'Segoe UI', sans-serif";
export const boldFont = "600 12.5px system-ui, -apple-system, 'Segoe UI', sans-serif";

/** Makes a canvas as sharp as the screen. Its context counts in CSS pixels. */
export function sized(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D {
  const ratio = Math.min(devicePixelRatio, 2);
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('This browser cannot draw');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** A value as short as can be, without braces, quotes and names of fields: `write x 34`. The details have it in full. */
export function terse(text: string): string {
  return text
    .replace(/"((?:[^"\\]|\\.)*)"|\b[\w$]+: |[{}]/g, (_, quoted?: string) => quoted ?? '')
    .replace(/ {2,}|,(?= )/g, match => (match === ',' ? '' : ' '))
    .trim();
}

/** As much of a text as fits, with an ellipsis; nothing where not even a few letters do. */
export function fitted(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (width < 14) return '';
  if (context.measureText(text).width <= width) return text;
  let [low, high] = [0, Math.min(text.length, Math.ceil(width / 2))];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low < 5 && low < text.length ? '' : `${text.slice(0, low)}…`;
}
