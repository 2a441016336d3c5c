import type { Tape } from '../engine/tape.ts';

/** One fault that begins and ends. */
export interface Episode {
  /** Counts the episodes of its kind, from 0; its name on the tape is `fault:kind#index`. */
  readonly index: number;
  readonly startUs: number;
  readonly endUs: number;
  /** How long it lasts at least. */
  readonly shortestUs: number;
}

/** How often episodes of a kind begin, and how long they last. */
export interface EpisodePlan {
  readonly kind: string;
  readonly safetyMs: number;
  readonly meanGapMs: number;
  readonly durationMinMs: number;
  readonly durationMaxMs: number;
}

/**
 * All episodes of a kind in one run. They are fixed before the run begins, so that taking one away leaves the others where
 * they are. Durations are as likely to be short as long: each power of two counts alike.
 */
export function planEpisodes(tape: Tape, plan: EpisodePlan): readonly Episode[] {
  const random = tape.random(`plan:${plan.kind}`);
  const episodes: Episode[] = [];
  let octaves = 1;
  while (plan.durationMinMs * 2 ** octaves < plan.durationMaxMs) octaves++;
  // A short run has its faults too, and none that lasts for all of it.
  const meanGapMs = Math.min(plan.meanGapMs, plan.safetyMs / 3);
  const longestMs = Math.min(plan.durationMaxMs, plan.safetyMs / 3);
  let atMs = 0;
  for (;;) {
    // Between none and twice the mean: close ones happen, and so do quiet times.
    atMs += 2 * meanGapMs * random.float();
    if (atMs >= plan.safetyMs) return episodes;
    const drawnMs = plan.durationMinMs * 2 ** random.below(octaves) * (1 + random.float());
    const durationMs = Math.min(drawnMs, longestMs);
    episodes.push({
      shortestUs: Math.floor(Math.min(plan.durationMinMs, plan.safetyMs - atMs) * 1000),
      index: episodes.length,
      startUs: Math.floor(atMs * 1000),
      endUs: Math.floor(Math.min(atMs + durationMs, plan.safetyMs) * 1000),
    });
  }
}
