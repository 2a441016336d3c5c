import type { Ring } from '@quorate/ring';
import { printable } from '../output/printable.ts';
import { type Markup, markup } from './markup.ts';
import { colourClass } from './node-colours.ts';

const centre = 160;
const outer = 150;
const inner = 104;

/** The algorithms whose hash space can be walked along a circle, and where it starts and how long it is. */
const spaces: Readonly<Record<string, readonly [start: bigint, length: bigint]>> = {
  ring: [0n, 2n ** 32n],
  ketama: [0n, 2n ** 32n],
  slots: [0n, 16_384n],
  tokens: [-(2n ** 63n), 2n ** 64n],
  'envoy-ring': [0n, 2n ** 64n],
};

/** Whether {@link ownersAround} can walk this ring. */
export function isDrawable(ring: Ring): boolean {
  return Object.hasOwn(spaces, ring.algorithm);
}

/**
 * Ids of the owners at equal distances around the hash space of a drawable ring, from its start.
 *
 * @param slices How many: 1,800 are half a pixel apart in the picture, more catch the small ranges that a change moves
 */
export function ownersAround(ring: Ring, slices: number): string[] {
  const [start, length] = spaces[ring.algorithm] as readonly [bigint, bigint];
  const isBig = typeof ring.hash('') === 'bigint';
  return Array.from({ length: slices }, (_, slice) => {
    const position = start + (length * BigInt(2 * slice + 1)) / BigInt(2 * slices);
    return ring.nodes[ring.indexOfHash(isBig ? position : Number(position))]?.id ?? '';
  });
}

/**
 * A circle of owners, clockwise from the top; with `before`, only what moved is in colour, that of its new owner.
 *
 * @param colours Position of each node among the page's colours
 * @param middle The figure in the middle, and what it says
 */
export function ringPicture(
  owners: readonly string[],
  before: readonly string[] | undefined,
  colours: ReadonlyMap<string, number>,
  middle: readonly [figure: string, words: string],
): Markup {
  const paths = new Map<string, string>();
  for (let from = 0; from < owners.length; ) {
    const id = owners[from] as string;
    const shown = before === undefined || before[from] !== id;
    let to = from + 1;
    while (to < owners.length && owners[to] === id && (before === undefined || before[to] !== id) === shown)
      to++;
    if (shown) paths.set(id, (paths.get(id) ?? '') + arc(from, to, owners.length));
    from = to;
  }
  const arcs = [...paths].map(([id, path]) => {
    const kind = before === undefined ? 'arc' : 'arc moved';
    return markup`<path class="${kind} ${colourClass(colours.get(id) ?? 0)}" d="${path}"><title>${printable(id)}</title></path>`;
  });
  return markup`<svg viewBox="0 0 ${2 * centre} ${2 * centre}" role="img" aria-label="${middle.join(' ')}">
<path class="track" fill-rule="evenodd" d="${circle(outer)}${circle(inner)}"/>${arcs}
<text class="big" x="${centre}" y="${centre + 4}" text-anchor="middle">${middle[0]}</text>
<text x="${centre}" y="${centre + 24}" text-anchor="middle">${middle[1]}</text></svg>`;
}

/** One piece of the band between the two radii. Only a whole circle would need two arcs; the track draws that. */
function arc(from: number, to: number, slices: number): string {
  // An arc whose ends coincide is not drawn at all.
  const end = to - from === slices ? to - 0.01 : to;
  const large = to - from > slices / 2 ? 1 : 0;
  const at = (radius: number, slice: number): string => point(radius, slice / slices);
  return `M${at(outer, from)}A${outer} ${outer} 0 ${large} 1 ${at(outer, end)}L${at(inner, end)}A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}Z`;
}

/** @param turn Part of the circle, clockwise from the top */
function point(radius: number, turn: number): string {
  const angle = 2 * Math.PI * turn - Math.PI / 2;
  const x = centre + radius * Math.cos(angle);
  const y = centre + radius * Math.sin(angle);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

function circle(radius: number): string {
  const [left, right] = [centre - radius, centre + radius];
  return `M${left} ${centre}A${radius} ${radius} 0 1 1 ${right} ${centre}A${radius} ${radius} 0 1 1 ${left} ${centre}Z`;
}
