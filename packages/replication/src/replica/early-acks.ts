import type { LogIndex, Term } from '@quorate/core';
import type { EarlyRange } from './replica-event.ts';

interface Run {
  from: number;
  readonly to: number;
  readonly term: number;
  readonly count: number;
  readonly exact: boolean;
}

/** Beyond so many runs, neighbours of a term are put together: the ends and the count stay exact. */
const runsMax = 4096;

/**
 * What this replica acknowledged as leader before it was committed, and what became of it.
 *
 * An entry is committed where it stands, or another one is there in its place: then it, and whatever this replica wrote after
 * it in that term, is lost. So it is when an entry of a later term is committed before it, for the terms of a log never
 * decrease. That its own log had to drop an entry says nothing yet:
 * another replica may still have it, and bring it back as a leader.
 */
export class EarlyAcks {
  #runs: Run[] = [];
  /** The first index that is not settled; `Infinity` where none is. */
  from: number = Number.POSITIVE_INFINITY;
  /** The first term that has such an index; `Infinity` where none has. */
  fromTerm: number = Number.POSITIVE_INFINITY;
  /** Everything up to here is committed and applied: what is acknowledged later than that is not acknowledged early. */
  settledTo = 0;

  /** An entry was acknowledged. Each once, mostly in the order of their indexes. */
  note(index: number, term: number, exact: boolean): void {
    if (index <= this.settledTo) return;
    const at = this.#joined(index, term, exact);
    const run = this.#runs[at];
    if (run === undefined) {
      this.#runs.push({ from: index, to: index, term, count: 1, exact });
      this.from = Math.min(this.from, index);
      this.fromTerm = Math.min(this.fromTerm, term);
    } else this.#runs[at] = { ...run, to: Math.max(run.to, index), count: run.count + 1 };
  }

  /** Which run an entry joins, -1 for none: the last, if it continues that, or one that was put together around it. */
  #joined(index: number, term: number, exact: boolean): number {
    const last = this.#runs.length - 1;
    const run = this.#runs[last];
    const isNext = run !== undefined && run.term === term && run.exact === exact && index > run.to;
    if (isNext && (run.to + 1 === index || this.#runs.length >= runsMax)) return last;
    return this.#runs.findIndex(other => other.term === term && other.from <= index && index <= other.to);
  }

  /**
   * An entry is committed. To be called for each in order; worth it only from {@link from} on, or after {@link fromTerm}.
   *
   * @returns what is known to be lost now
   */
  committed(index: number, term: number): readonly EarlyRange[] {
    const lost: EarlyRange[] = [];
    while (this.fromTerm < term) lost.push(this.#drop(this.fromTerm, true));
    while (this.from <= index) {
      const run = this.#first(index);
      if (run === undefined) break;
      if (run.term === term) this.#keepAfter(run, index);
      else lost.push(this.#drop(run.term, true));
    }
    return lost;
  }

  /** A snapshot stands for everything up to `index`: whether what was acknowledged is in it, nobody can tell here. */
  replaced(index: number): readonly EarlyRange[] {
    const lost: EarlyRange[] = [];
    while (this.from <= index) {
      const run = this.#first(index);
      if (run === undefined) break;
      lost.push(this.#drop(run.term, false));
    }
    return lost;
  }

  /** Everything that is not settled, one range for each term. */
  ranges(): readonly EarlyRange[] {
    return [...new Set(this.#runs.map(run => run.term))].map(term => rangeOf(this.#runs, term, true));
  }

  #first(index: number): Run | undefined {
    let first: Run | undefined;
    for (const run of this.#runs) {
      if (run.from <= index && (first === undefined || run.from < first.from)) first = run;
    }
    return first;
  }

  #keepAfter(run: Run, index: number): void {
    if (index >= run.to) this.#runs = this.#runs.filter(other => other !== run);
    else {
      // Where runs were put together, how many of the first part were acknowledged is not known; at most all were.
      const left = run.to - index;
      const at = this.#runs.indexOf(run);
      this.#runs[at] = { ...run, from: index + 1, count: Math.min(run.count, left) };
    }
    this.#findFirst();
  }

  #drop(term: number, exact: boolean): EarlyRange {
    const range = rangeOf(this.#runs, term, exact);
    this.#runs = this.#runs.filter(run => run.term !== term);
    this.#findFirst();
    return range;
  }

  #findFirst(): void {
    this.from = this.fromTerm = Number.POSITIVE_INFINITY;
    for (const { from, term } of this.#runs) {
      this.from = Math.min(this.from, from);
      this.fromTerm = Math.min(this.fromTerm, term);
    }
  }
}

function rangeOf(runs: readonly Run[], term: number, exact: boolean): EarlyRange {
  const own = runs.filter(run => run.term === term);
  return {
    from: Math.min(...own.map(run => run.from)) as LogIndex,
    to: Math.max(...own.map(run => run.to)) as LogIndex,
    term: term as Term,
    count: own.reduce((sum, run) => sum + run.count, 0),
    exact: exact && own.every(run => run.exact),
  };
}
