import type { Tape } from '../engine/tape.ts';
import type { AllowedFaults } from './allowed-faults.ts';

/** Of the seeds, so many have faults at all; of the kinds that are allowed, each of those seeds has so many. */
const faultyShare = 0.9;
const kindShare = 0.6;

/**
 * Which kinds of faults a seed drew for itself, and how hard each strikes. A run in which everything strikes at once hides
 * what only some of it would show: crashes that come too often leave no time for the rare order of messages (swarm testing:
 * Groce et al., ISSTA 2012).
 */
export class Swarm {
  readonly kinds: readonly string[];
  readonly #forces: Map<string, number> = new Map();

  constructor(tape: Tape, allowed: AllowedFaults) {
    const faulty = tape.chance('swarm/faults', allowed.kinds.length > 0 ? faultyShare : 0);
    this.kinds = allowed.kinds.filter(kind => tape.chance(`swarm/${kind}`, faulty ? kindShare : 0));
    for (const kind of this.kinds) {
      // Cubed: most seeds are gentle, some are not.
      const draw = tape.random(`swarm-force/${kind}`).float();
      this.#forces.set(kind, 0.05 + 0.95 * draw * draw * draw);
    }
  }

  has(kind: string): boolean {
    return this.#forces.has(kind);
  }

  /** How hard the kind strikes: from 0.05 to 1, and 0 where it does not. */
  force(kind: string): number {
    return this.#forces.get(kind) ?? 0;
  }
}
