/** Seeds from one to another, both included. */
export interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** The highest seed: a line that replays one stays short. */
export const seedMax: number = 0xffff_ffff;

/** The seeds of a range in order. */
export function* seedsOf({ from, to }: SeedRange): Generator<number> {
  for (let seed = from; seed <= to; seed++) yield seed;
}
