import type { Random } from '@quorate/core';
import type { World } from '../engine/world.ts';
import { type Episode, type EpisodePlan, planEpisodes } from './plan-episodes.ts';

/** What a fault does once it has begun. */
export interface Strike {
  /** The hosts it concerns, for the trace. */
  readonly nodes: readonly string[];
  readonly text?: string;
  /** Puts right what can be put right. Absent where the fault is over as soon as it has begun. */
  readonly end?: () => void;
}

/**
 * Lets the faults of a run begin and end, each by its name on the tape, and ends all of them with the safety phase.
 *
 * What an episode does follows from its own stream, not from what has happened before: only whether it can strike at all, such
 * as a crash of a node that is down already, depends on the world.
 */
export class Episodes {
  readonly #world: World;
  readonly #earlierUs: number;
  readonly #running: Map<number, (() => void) | undefined> = new Map();
  #faults = 0;

  /** @param earlierUs By how much what is planned begins sooner */
  constructor(world: World, earlierUs: number) {
    this.#world = world;
    this.#earlierUs = earlierUs;
  }

  /** Plans all episodes of a kind. `strike` returns undefined where there is nothing to strike. */
  schedule(plan: EpisodePlan, strike: (random: Random) => Strike | undefined): void {
    const planned = planEpisodes(this.#world.tape, plan).filter(({ startUs }) => startUs >= this.#earlierUs);
    // One at a time, so that a long run does not begin with a long queue.
    const next = (index: number): void => {
      const episode = planned[index];
      if (episode === undefined) return;
      this.#world.at(episode.startUs - this.#earlierUs, () => {
        this.#begin(plan.kind, episode, strike);
        next(index + 1);
      });
    };
    next(0);
  }

  /** Begins a fault that nobody planned and that is already on the tape. Ends after `durationUs`. */
  strike(kind: string, strike: Strike, durationUs: number): void {
    const world = this.#world;
    const fault = this.#faults++;
    const { nodes, text, end } = strike;
    world.trace(world.lane, {
      type: 'fault-begin',
      fault,
      kind,
      nodes,
      ...(text === undefined ? {} : { text }),
    });
    this.#running.set(fault, end);
    if (end === undefined) this.#end(fault);
    else world.at(world.nowUs + durationUs, () => this.#end(fault));
  }

  /** Ends everything that has begun; nothing begins any more. */
  endAll(): void {
    for (const fault of this.#running.keys()) this.#end(fault);
  }

  #begin(kind: string, episode: Episode, strike: (random: Random) => Strike | undefined): void {
    const world = this.#world;
    const label = `fault:${kind}`;
    if (!world.faulty || !world.tape.has(label, episode.index)) return;
    const struck = strike(world.tape.random(`${label}#${episode.index}`));
    if (struck === undefined) return;
    world.tape.takes(label, episode.index);
    // What lasts longer than it must is one thing that can be taken away, that it begins is another.
    const isLong = world.tape.takes(`length:${kind}`, episode.index);
    this.strike(kind, struck, isLong ? episode.endUs - episode.startUs : episode.shortestUs);
  }

  #end(fault: number): void {
    if (!this.#running.has(fault)) return;
    const end = this.#running.get(fault);
    this.#running.delete(fault);
    this.#world.trace(this.#world.lane, { type: 'fault-end', fault });
    end?.();
  }
}
