/**
 * Names of draws, episodes and operations by their label, each with the numbers it stands for: `0-16,18`, or `all`.
 *
 * Shrinking takes thousands of draws away, mostly neighbours. As a list they fill pages, this way a line.
 */
export type NameRanges = Readonly<Record<string, string>>;

/** More names than any run has, so that a line that was tampered with fills no memory. */
const namesMax = 10_000_000;

/** Packs names such as `loss#3`. A name without a number means all of its label and swallows the single ones. */
export function packNames(names: Iterable<string>): NameRanges {
  const numbers = new Map<string, number[]>();
  const whole = new Set<string>();
  for (const name of names) {
    const { label, index } = splitName(name);
    if (index === undefined) whole.add(label);
    else numbers.set(label, [...(numbers.get(label) ?? []), index]);
  }
  const labels = [...new Set([...numbers.keys(), ...whole])].sort();
  return Object.fromEntries(
    labels.map(label => [label, whole.has(label) ? 'all' : rangesOf(numbers.get(label) ?? [])]),
  );
}

/** The names again, by label and number. @throws RangeError where a range cannot be */
export function unpackNames(packed: NameRanges): string[] {
  const names: string[] = [];
  for (const [label, ranges] of Object.entries(packed)) {
    if (ranges === 'all') names.push(label);
    else for (const range of ranges.split(',')) appendRange(names, label, range);
  }
  return names;
}

/** `loss#3` is the draw 3 of `loss`; without a number it is the whole label. */
export function splitName(name: string): { readonly label: string; readonly index?: number } {
  const at = name.lastIndexOf('#');
  const digits = name.slice(at + 1);
  if (at < 0 || !/^\d{1,15}$/.test(digits)) return { label: name };
  return { label: name.slice(0, at), index: Number(digits) };
}

function rangesOf(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: string[] = [];
  for (let start = 0; start < sorted.length; ) {
    let end = start;
    while (sorted[end + 1] === (sorted[end] as number) + 1) end += 1;
    ranges.push(start === end ? `${sorted[start]}` : `${sorted[start]}-${sorted[end]}`);
    start = end + 1;
  }
  return ranges.join(',');
}

function appendRange(names: string[], label: string, range: string): void {
  const [, from, to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(range) ?? [];
  const count = Number(to) - Number(from) + 1;
  if (!(count >= 1) || names.length + count > namesMax) {
    throw new RangeError(
      `Range of names "${label}" must be from a number to a higher one: received "${range}"`,
    );
  }
  for (let index = Number(from); index <= Number(to); index++) names.push(`${label}#${index}`);
}
