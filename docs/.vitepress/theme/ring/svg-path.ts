import type { Arc } from './arcs.ts';

/** A point on a circle around the origin; 0 is the top, 1 a whole turn clockwise. */
export function pointAt(turn: number, radius: number): { x: number; y: number } {
  const angle = turn * 2 * Math.PI;
  return { x: round(radius * Math.sin(angle)), y: round(-radius * Math.cos(angle)) };
}

/** One path for all arcs of one owner: slices of the band between two radii. */
export function bandPath(arcs: readonly Arc[], inner: number, outer: number): string {
  return arcs.map(({ start, end }) => slice(start, Math.min(end, start + 0.9999), inner, outer)).join('');
}

function slice(start: number, end: number, inner: number, outer: number): string {
  const large = end - start > 0.5 ? 1 : 0;
  const [a, b, c, d] = [
    pointAt(start, outer),
    pointAt(end, outer),
    pointAt(end, inner),
    pointAt(start, inner),
  ];
  return (
    `M${a.x} ${a.y}A${outer} ${outer} 0 ${large} 1 ${b.x} ${b.y}` +
    `L${c.x} ${c.y}A${inner} ${inner} 0 ${large} 0 ${d.x} ${d.y}Z`
  );
}

/** Two digits are a hundredth of a pixel, and the same text on every platform. */
function round(value: number): number {
  return Math.round(value * 100) / 100 + 0;
}
