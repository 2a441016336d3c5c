/** Of `names`, at most three that `name` may have been meant for: nearest first, those equally near as they came. */
export function nearNames(name: string, names: readonly string[]): string[] {
  const most = Math.max(1, Math.floor(name.length / 4));
  return names
    .map(candidate => {
      const own = candidate.slice(candidate.indexOf('/') + 1);
      const edits = Math.min(distance(name, own), distance(name, candidate));
      const isPart = name.length >= 3 && candidate.includes(name);
      return { candidate, edits: isPart ? Math.min(edits, 1) : edits };
    })
    .filter(({ edits }) => edits <= most)
    .sort((a, b) => a.edits - b.edits)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Characters to put in, leave out or change (Levenshtein, 1966). O(product of the lengths). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const changed = (row[j - 1] as number) + Number(one[i - 1] !== other[j - 1]);
      next.push(Math.min(changed, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[other.length] as number;
}
