import { linkSignal } from '@quorate/core';
import type { RunOptions } from '../../run-result.ts';
import { ddmin } from './ddmin.ts';
import { splitName } from './name-ranges.ts';
import { type SeedTrial, tryOtherSeeds } from './other-seeds.ts';
import { sameFailure, type SeedOutcome } from './seed-outcome.ts';
import { type ShrinkOptions, ShrinkState } from './shrink-state.ts';

/** A smaller run that fails in the same way. */
export interface Shrunk {
  readonly options: RunOptions;
  /** With `removable`: what is left that could be taken away. */
  readonly outcome: SeedOutcome;
  /** From the run's start to the finding. */
  readonly eventsBefore: number;
  readonly removableBefore: number;
  readonly runs: number;
  /** False where runs or time ran out before nothing could be taken away any more. */
  readonly isComplete: boolean;
}

/** Rounds over everything; a second one seldom finds much. */
const roundsMax = 4;

/**
 * By round: how other seeds are tried. Another seed costs the trust that it is the same mistake, and is shrunk in its turn; by
 * the second round it comes with what the first took away, a little less is better, and what is to be had is had soon.
 */
const seedTrials: readonly SeedTrial[] = [
  { eventsShare: 3 / 4, seedsMax: 1000 },
  { eventsShare: 9 / 10, seedsMax: 250 },
];

/**
 * Takes away from a failing run what it does not need to fail in the same way: the end of the safety phase, the quiet time
 * before the faults that matter, whole kinds of faults, nodes, clients, fault episodes and operations, then single draws; again,
 * until nothing changes.
 *
 * The same finding (the same rule) must remain, found after no more events than before; and of what the program is asked to do
 * only so much is taken away that it would still be right if nothing went wrong: whoever waits for an item that nobody puts any
 * more shows no mistake. Where the seed's own run stays long, other seeds are tried: a rule that one seed breaks late, another
 * may break soon. What results follows from the failure alone, unless the deadline cuts the search short.
 *
 * @throws whatever `attempt` throws; when `signal` aborts, the smallest so far is returned
 */
export async function shrink(options: ShrinkOptions): Promise<Shrunk> {
  const { outcome, clock, runsMax = 2000 } = options;
  const { signal, deadlineMs } = options;
  using link = linkSignal(clock, { signal, deadlineMs });
  const state = new ShrinkState(options, runsMax, link);
  const first = await state.begin();
  const done = (isComplete: boolean, removableBefore: number): Shrunk => ({
    options: state.options,
    outcome: state.outcome,
    eventsBefore: outcome.events,
    removableBefore,
    runs: state.runs,
    isComplete,
  });
  // A failure that does not come again cannot be made smaller.
  if (first === undefined || !sameFailure(outcome, first)) return done(false, 0);
  const removableBefore = first.removable?.length ?? 0;
  await state.learnCalm();
  const fullMs = state.safetyMs;
  for (let round = 0; round < roundsMax && !state.isSpent; round++) {
    const before = state.progress;
    await shorten(state);
    await hasten(state);
    const trial = seedTrials[round];
    if (trial !== undefined) await tryOtherSeeds(state, fullMs, trial);
    await takeAway(state, names => [...new Set(names.map(name => splitName(name).label))]);
    await takeAway(state, names => names.filter(isEpisode));
    await takeAway(state, names => names.filter(name => !isEpisode(name)));
    if (state.progress === before) break;
  }
  const isComplete = !state.isSpent;
  await state.conclude();
  return done(isComplete, removableBefore);
}

function isEpisode(name: string): boolean {
  return /^(?:fault|length|op|node|client):/.test(name);
}

/**
 * Cuts the safety phase short: from a small part of it upwards, then between the longest that fails to and the shortest. Only
 * where that leaves fewer events: a finding that comes before the phase ends needs no shorter one, and what is kept from
 * starting stays so until then.
 */
async function shorten(state: ShrinkState): Promise<void> {
  const fullMs = state.safetyMs;
  const tryMs = async (safetyMs: number): Promise<boolean> => state.tryOptions({ safetyMs }, 'fewer events');
  let longMs = fullMs;
  let shortMs = 0;
  for (let share = 64; share > 1 && longMs === fullMs; share /= 2) {
    const ms = Math.ceil(fullMs / share);
    if (ms < fullMs && (await tryMs(ms))) longMs = ms;
    else shortMs = ms;
  }
  const grainMs = Math.max(1, Math.floor(fullMs / 256));
  while (longMs - shortMs > grainMs && !state.isSpent) {
    const ms = Math.floor((longMs + shortMs) / 2);
    if (await tryMs(ms)) longMs = ms;
    else shortMs = ms;
  }
}

/** Of the time before the finding: first almost all of it, then ever less. */
const shares = [63 / 64, 31 / 32, 15 / 16, 7 / 8, 3 / 4, 1 / 2, 1 / 4, 1 / 8, 1 / 16];

/** Lets the faults begin sooner. */
async function hasten(state: ShrinkState): Promise<void> {
  const beforeMs = Math.min(state.outcome.finding?.atMs ?? state.safetyMs, state.safetyMs);
  for (const share of shares) {
    const byMs = Math.floor(beforeMs * share);
    if (byMs > 0 && (await state.tryOptions({ earlierMs: state.earlierMs + byMs }, 'fewer events'))) return;
  }
}

/** Takes away as many as possible of what `choose` makes of the names that can be. */
async function takeAway(
  state: ShrinkState,
  choose: (removable: readonly string[]) => readonly string[],
): Promise<void> {
  const items = choose(await state.removable());
  const base = state.without;
  await ddmin(items, async kept => {
    if (state.isSpent) return undefined;
    const keeps = new Set(kept);
    return state.tryOptions({ without: [...base, ...items.filter(item => !keeps.has(item))] });
  });
}
