import { ruleOf, type SeedOutcome, type SeedVerdict } from './seed-outcome.ts';

/** Sums over the seeds of a campaign. */
export interface SeedTotals {
  readonly seeds: number;
  readonly events: number;
  readonly simulatedMs: number;
  readonly verdicts: Readonly<Partial<Record<SeedVerdict, number>>>;
  /** How many seeds failed by each rule: see {@link ruleOf}. */
  readonly rules: ReadonlyMap<string, number>;
  /** How many seeds reached each probe. */
  readonly probes: ReadonlyMap<string, number>;
  /** How many seeds drew each kind of fault for themselves. */
  readonly swarm: ReadonlyMap<string, number>;
  /** Those that were not fine, by seed. */
  readonly failures: readonly SeedOutcome[];
}

/** How many failures are kept whole; all are counted. */
const failuresKept = 1000;

/** Adds outcomes up, in whatever order they come: the sums are the same. */
export class Totals implements SeedTotals {
  seeds = 0;
  events = 0;
  simulatedMs = 0;
  readonly verdicts: Partial<Record<SeedVerdict, number>> = {};
  readonly rules: Map<string, number> = new Map();
  readonly probes: Map<string, number> = new Map();
  readonly swarm: Map<string, number> = new Map();
  readonly failures: SeedOutcome[] = [];

  add(outcome: SeedOutcome): void {
    this.seeds += 1;
    this.events += outcome.events;
    this.simulatedMs += outcome.simulatedMs;
    this.verdicts[outcome.verdict] = (this.verdicts[outcome.verdict] ?? 0) + 1;
    for (const probe of new Set(outcome.probes)) count(this.probes, probe);
    for (const kind of outcome.swarm) count(this.swarm, kind);
    const rule = ruleOf(outcome);
    if (rule === undefined) return;
    count(this.rules, rule);
    const later = this.failures.findIndex(({ seed }) => seed > outcome.seed);
    this.failures.splice(later < 0 ? this.failures.length : later, 0, outcome);
    if (this.failures.length > failuresKept) this.failures.pop();
  }

  get failed(): number {
    return this.seeds - (this.verdicts.ok ?? 0);
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
