import { splitName } from './name-ranges.ts';
import type { ShrinkState } from './shrink-state.ts';

/** Of the runs that are left, so many may go into seeds that show nothing. */
const runsShare = 1 / 2;

/** How other seeds are tried. */
export interface SeedTrial {
  /** Of the events of the smallest run so far, a seed may have so many. */
  readonly eventsShare: number;
  /** From 1 up to this one. */
  readonly seedsMax: number;
}

/**
 * Looks for seeds that fail in the same way after ever fewer events, until the run is small: a mistake that one seed meets
 * late, after much that has nothing to do with it, some other meets among its first messages. No pass over the one run finds
 * that, for what is taken away lets everything after it take another course. Each seed ends where it has more events than it
 * may, so that many cost little.
 *
 * Where the run ended at the finding, amid the safety phase, first with all of that, so that what was kept from starting stays
 * away; where it was found at the end, first with a small part of it, for there everything that happens before counts. What was
 * taken away stays so as far as it means the same in every seed.
 *
 * @param fullMs The safety phase before it was cut short
 */
export async function tryOtherSeeds(state: ShrinkState, fullMs: number, trial: SeedTrial): Promise<void> {
  const without = state.without.filter(name => splitName(name).index === undefined || isHost(name));
  const parts = state.endsAtFinding ? [1, 4, 16, 64] : [64, 16, 4, 1];
  const seeds = Math.min(trial.seedsMax, Math.floor((state.runsLeft * runsShare) / parts.length));
  for (const part of parts) {
    const safetyMs = Math.ceil(fullMs / part);
    for (let seed = 1; seed <= seeds && !state.isSmall && !state.isSpent; seed++) {
      const eventsMax = Math.floor(state.outcome.events * trial.eventsShare);
      const changes = part === 1 ? { without } : { without, safetyMs };
      await state.trySeed({ seed, ...changes }, eventsMax);
    }
  }
}

function isHost(name: string): boolean {
  return /^(?:node|client):/.test(name);
}
