/** Maps changes to places from 0 to 100 per cent of a drawing's width (or height), and names those worth a mark. */
export interface ChangeScale {
  readonly place: (share: number) => number;
  readonly ticks: readonly number[];
}

/** The change down that undoes one up: as far from zero, and where a least effect ends below. */
export function undone(share: number): number {
  return 1 / (1 + share) - 1;
}

/** Farther is no nearer to anything. */
const shareLeast = -0.999;
const shareMost = 9999;
const margin = 0.04;
/** Per cent of the drawing between two marks: enough for their text where the drawing is some 400 pixels wide. */
const usualGap = 9.5;
const lineHeightPx = 16;
const sizes = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3, 9, 99, 999];

/**
 * Linear near zero and logarithmic beyond: half a percent and a factor of three can both be read off the same drawing. Twice
 * and half are equally far from zero.
 *
 * @param shares what has to have a place
 * @param unit up to about this change it is linear: the least that counts
 * @param tickGap between two marks, per cent of the drawing
 */
export function changeScale(
  shares: readonly number[],
  unit: number,
  tickGap: number = usualGap,
): ChangeScale {
  const bend = Math.log1p(unit);
  const bent = (share: number): number =>
    Math.asinh(Math.log1p(Math.min(shareMost, Math.max(shareLeast, share))) / bend);
  const usual = bent(2 * unit);
  const values = shares.filter(share => !Number.isNaN(share)).map(bent);
  const [least, most] = [Math.min(-usual, ...values), Math.max(usual, ...values)];
  const span = (most - least) * (1 + 2 * margin);
  const place = (share: number): number => 100 * ((bent(share) - least) / span + margin / (1 + 2 * margin));
  return { place, ticks: ticksOf(place, tickGap) };
}

/** Zero, and outwards from it on both sides what is far enough from the last. From a half on, down is what undoes up. */
function ticksOf(place: (share: number) => number, tickGap: number): number[] {
  const zero = place(0);
  const chosen: { up: number; down: number }[] = [];
  let last = 0;
  for (const up of sizes) {
    const down = up < 0.5 ? -up : undone(up);
    const [farUp, farDown] = [place(up) - zero, zero - place(down)];
    if (Math.min(farUp, farDown) - last < tickGap) continue;
    chosen.push({ up, down });
    last = Math.max(farUp, farDown);
  }
  const isInside = (share: number): boolean => place(share) >= 0 && place(share) <= 100;
  return [...chosen.map(({ down }) => down).toReversed(), 0, ...chosen.map(({ up }) => up)].filter(isInside);
}

/** Between two marks, one above the other, in a drawing that is so many pixels high. */
export function gapIn(heightPx: number): number {
  return (lineHeightPx / heightPx) * 100;
}

/** Marks are at round places: their text is as short as can be. */
export function tickText(share: number): string {
  if (share === 0) return '0';
  if (share >= 1) return `x${Math.round(share + 1)}`;
  if (share <= -0.5) return `x1/${Math.round(1 / (1 + share))}`;
  const percents = Math.abs(share) * 100;
  return `${share > 0 ? '+' : '−'}${percents >= 10 ? Math.round(percents) : Math.round(percents * 100) / 100}%`;
}
