/**
 * Delta debugging: finds a small part of `items` that still passes `test`, by leaving out ever smaller parts.
 *
 * The result passed, unless it is all of `items`, and is 1-minimal (no single item can be left out) unless `test` answered
 * undefined, which ends the search at what it has. All of `items` is taken to pass. At most quadratic in what remains; about
 * `2 k log n` tests where `k` of `n` items matter. Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
 * Input", IEEE TSE 28 (2002), §3.2, where the empty set is tried first.
 */
export async function ddmin<Item>(
  items: readonly Item[],
  test: (kept: readonly Item[]) => Promise<boolean | undefined>,
): Promise<readonly Item[]> {
  if (items.length === 0 || (await test([])) === true) return [];
  let kept = items;
  let parts = 2;
  while (kept.length >= 2) {
    const next = await reduce(kept, parts, test);
    if (next === undefined) return kept;
    if (next.kept.length < kept.length) {
      kept = next.kept;
      parts = next.parts;
    } else {
      if (parts >= kept.length) return kept;
      parts = Math.min(kept.length, parts * 2);
    }
  }
  return kept;
}

/** One round: each part alone, then all but each part. Undefined where the search is to end. */
async function reduce<Item>(
  kept: readonly Item[],
  parts: number,
  test: (kept: readonly Item[]) => Promise<boolean | undefined>,
): Promise<{ kept: readonly Item[]; parts: number } | undefined> {
  const bounds = Array.from({ length: parts + 1 }, (_, part) => Math.floor((part * kept.length) / parts));
  for (let part = 0; part < parts; part++) {
    const subset = kept.slice(bounds[part], bounds[part + 1]);
    const passed = await test(subset);
    if (passed === undefined) return undefined;
    if (passed) return { kept: subset, parts: 2 };
  }
  // With two parts, the rest without the one is the other.
  if (parts === 2) return { kept, parts };
  for (let part = 0; part < parts; part++) {
    const rest = [...kept.slice(0, bounds[part]), ...kept.slice(bounds[part + 1])];
    const passed = await test(rest);
    if (passed === undefined) return undefined;
    if (passed) return { kept: rest, parts: Math.max(parts - 1, 2) };
  }
  return { kept, parts };
}
