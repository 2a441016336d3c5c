import type { Clock } from '@quorate/core';
import { Stillness } from './stillness.ts';

/** How often a case is tried that holds only while the machine does not stand still. */
const attemptsMax = 4;

/** Times are so much longer at most in a later attempt. */
const longerMax = 4;

/** Standing still for so much of such a time is said to have broken an attempt. */
const breakingShare = 1 / 5;

/**
 * One promise of a seam, as data: it throws where the promise is not kept, and says which. Cases know no test runner, and take time
 * and chance from their subject alone, so that they run under the simulator as well.
 */
export interface SeamCase<Capabilities, Fault extends string, Stage> {
  /** A sentence: what is promised. Unique. */
  readonly name: string;
  /** Runs where this is true. Where a capability is missing, the opposite case runs. Default: everywhere. */
  readonly applies?: (capabilities: Capabilities) => boolean;
  /** What the subject must be able to do to be asked this. */
  readonly needs?: readonly Fault[];
  /** Does something to all clients of the subject: run it alone. */
  readonly exclusive?: boolean;
  /**
   * Goes wrong, on a correct engine too, where the machine stands still for about the time to live of a session or a lease. An
   * attempt that failed while it did is made again, with other clients and longer times; one that failed by itself is not.
   */
  readonly timed?: boolean;
  readonly run: (stage: Stage) => Promise<void>;
}

/** What one attempt at a case goes by. */
export interface StageOptions {
  /** How long what is to end in it lives: a session, a lease. */
  readonly ttlMs: number;
  /** What notices that the machine stands still. */
  readonly stillness: Stillness;
}

/** The parts of a subject that every seam's has. */
interface Subject<Fault extends string> {
  readonly name: string;
  readonly clock: Clock;
  readonly faults: Partial<Record<Fault, unknown>>;
  readonly ttlMs: number;
}

/** What a case works with: it opens clients, and disposes of them. */
interface Stage<Capabilities> extends AsyncDisposable {
  open(): Promise<{ readonly capabilities: Capabilities }>;
}

/**
 * Runs one case. What it opened is disposed of.
 *
 * @returns nothing where it ran and holds, and why it does not apply where it does not
 * @throws Error that says which promise was broken, under the name of the subject and of the case
 */
export async function runSeamCase<Capabilities, Fault extends string, Own extends Stage<Capabilities>>(
  { name, clock, faults, ttlMs: shortestMs }: Subject<Fault>,
  seamCase: SeamCase<Capabilities, Fault, Own>,
  openStage: (options: StageOptions) => Own,
): Promise<string | undefined> {
  const missing = seamCase.needs?.find(fault => faults[fault] === undefined);
  if (missing !== undefined) return `the subject offers no "${missing}"`;
  for (let attempt = 1; ; attempt++) {
    const ttlMs = shortestMs * Math.min(2 ** (attempt - 1), longerMax);
    using stillness = new Stillness(clock, ttlMs / 20);
    try {
      return await attempted(seamCase, openStage({ ttlMs, stillness }));
    } catch (thrown) {
      const { longestMs } = stillness;
      const isBroken = seamCase.timed === true && longestMs > ttlMs * breakingShare;
      if (isBroken && attempt < attemptsMax) continue;
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      const but = isBroken
        ? ` (in each of ${attemptsMax} attempts the machine or the store stood still, in the last for ${Math.round(longestMs)} ms)`
        : '';
      throw new Error(`${name}: "${seamCase.name}" is not kept${but}: ${message}`, { cause: thrown });
    }
  }
}

async function attempted<Capabilities, Fault extends string, Own extends Stage<Capabilities>>(
  seamCase: SeamCase<Capabilities, Fault, Own>,
  stage: Own,
): Promise<string | undefined> {
  try {
    const { capabilities } = await stage.open();
    if (seamCase.applies?.(capabilities) === false) return 'its capabilities say otherwise';
    await seamCase.run(stage);
  } finally {
    await stage[Symbol.asyncDispose]();
  }
  return undefined;
}
