import type { Clock, WaitOptions } from '@quorate/core';
import { linkSignal } from '@quorate/core';
import type { SeedOutcome } from './seed-outcome.ts';
import { Totals } from './totals.ts';

export interface CampaignOptions extends WaitOptions {
  readonly clock: Clock;
  /** In the order in which they are started. May be endless where there is a deadline. */
  readonly seeds: Iterable<number>;
  /** Runs one seed. Should give up when the signal aborts; what it then does is not looked at. */
  readonly run: (seed: number, signal: AbortSignal) => Promise<SeedOutcome>;
  /** How many seeds are under way at once. */
  readonly lanes: number;
  /** After so many failures no seed is started. */
  readonly failuresMax: number;
  readonly onOutcome?: (outcome: SeedOutcome, totals: Totals) => void;
}

/** Why no more seeds were run. */
export type CampaignEnd = 'done' | 'failures' | 'deadline' | 'aborted';

export interface Campaign {
  readonly ended: CampaignEnd;
  readonly totals: Totals;
}

/**
 * Runs seeds until there are no more, the failures are enough, the time is over, or somebody wants it to end: what is known
 * by then is the result.
 *
 * The lowest seed that failed is the same whatever the number of lanes: seeds are started in order, and those under way come to
 * their end after a failure.
 *
 * @throws whatever `run` throws, unless the time is over
 */
export async function runCampaign(options: CampaignOptions): Promise<Campaign> {
  const { seeds, run, lanes, failuresMax, clock, onOutcome } = options;
  const totals = new Totals();
  using link = linkSignal(clock, options);
  const { signal } = link;
  const over = new Promise<undefined>(resolve => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const iterator = seeds[Symbol.iterator]();
  let failed: { readonly thrown: unknown } | undefined;
  const isOver = (): boolean => signal.aborted || failed !== undefined || link.remainingMs() <= 0;
  const lane = async (): Promise<void> => {
    while (!isOver() && totals.failed < failuresMax) {
      const next = iterator.next();
      if (next.done === true) return;
      try {
        const outcome = await Promise.race([run(next.value, signal), over]);
        if (outcome === undefined) return;
        totals.add(outcome);
        onOutcome?.(outcome, totals);
      } catch (thrown) {
        if (!isOver()) failed = { thrown };
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  iterator.return?.();
  if (failed !== undefined) throw failed.thrown;
  if (options.signal?.aborted === true) return { ended: 'aborted', totals };
  if (totals.failed >= failuresMax) return { ended: 'failures', totals };
  return { ended: isOver() ? 'deadline' : 'done', totals };
}
