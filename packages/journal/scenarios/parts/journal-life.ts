import {
  errorCode,
  type Journal,
  type LogEntry,
  logIndex,
  nodeId,
  type Random,
  sleep,
  term,
} from '@quorate/core';
import type { NodeEnv } from '@quorate/sim';
import {
  describePart,
  groups,
  isSound,
  type KnownGroup,
  type Part,
  payloadOf,
  readGroups,
} from './known-group.ts';

/** What a call is known by when it is done. */
interface Call {
  readonly node: string;
  readonly group: number;
  readonly part: Part;
  readonly step: number;
}

/**
 * One life of a journal: everything that is about to be called is observed before, with the state that it leads to, and
 * everything that has resolved is observed after. Writes, reads, snapshots and compactions overlap.
 *
 * A call that was refused is no end: once everything that was under way has settled, the node looks at what there is and goes on
 * with it. The life is over when the journal has failed. Any other error is a fault of the journal, and thrown.
 */
export class JournalLife {
  readonly #env: NodeEnv;
  readonly #journal: Journal;
  readonly #random: Random;
  #known: KnownGroup[] = [];
  readonly #pending = new Set<Promise<void>>();
  #failures: unknown[] = [];
  #step = 0;
  #term = 0;

  constructor(env: NodeEnv, journal: Journal) {
    this.#env = env;
    this.#journal = journal;
    this.#random = env.random.fork('work');
  }

  async run(): Promise<void> {
    for (;;) {
      await this.#look();
      await this.#work();
      const failures = this.#failures;
      this.#failures = [];
      for (const failure of failures) {
        const code = errorCode(failure);
        if (code === 'JOURNAL_FAILED') return;
        if (code === 'STORAGE_FULL') this.#env.reached('full');
        // A snapshot's file could not be synced: the log is none the worse for that.
        else if (code !== 'IO_FAILED') throw failure;
      }
    }
  }

  /** Says what is in the journal. */
  async #look(): Promise<void> {
    this.#known = await readGroups(this.#journal);
    for (const [group, held] of this.#known.entries()) {
      for (const part of ['log', 'snapshot'] as const) {
        const state = describePart(held, part);
        this.#env.observe({ type: 'journal-recovered', node: this.#env.self, group, part, state });
      }
      this.#term = Math.max(this.#term, held.voted, ...held.terms.values());
    }
    if (this.#known.some(({ last }) => last > 0))
      this.#env.reached(this.#step === 0 ? 'recovered' : 'resumed');
  }

  /** Works until a call has failed: what comes after might build on what was refused. */
  async #work(): Promise<void> {
    while (this.#failures.length === 0) {
      const kind = this.#random.below(8);
      if (kind === 0) this.#snapshot();
      else if (kind === 1) this.#compact();
      else if (kind === 2) this.#read();
      else if (kind === 3 && this.#random.below(4) === 0) await this.#install();
      else this.#writes();
      if (this.#random.below(4) === 0) await Promise.all(this.#pending);
      await sleep(this.#env.clock, this.#random.below(20));
    }
    await Promise.all(this.#pending);
  }

  /** What a call leads to, before it is made. */
  #called(group: number, part: Part, known: KnownGroup = this.#known[group] as KnownGroup): Call {
    const call = { node: this.#env.self, group, part, step: ++this.#step };
    const state = describePart(known, part);
    this.#env.observe({ type: 'journal-called', ...call, state });
    return call;
  }

  #watch(call: Promise<void>, onDone: () => void): void {
    if (this.#pending.size > 0) this.#env.reached('overlapped');
    const watched = call
      .then(onDone)
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  #writes(): void {
    for (let count = this.#random.below(4); count >= 0; count--) this.#write(this.#random.below(2));
  }

  #write(which: number): void {
    const group = groups[which] as (typeof groups)[number];
    const known = this.#known[which] as KnownGroup;
    const least = Math.max(known.first, known.snapshot + 1, known.saving + 1);
    const from = Math.max(least, known.last + 1 - this.#random.below(5));
    const truncates = from <= known.last && this.#random.below(4) === 0;
    if (truncates) {
      for (let index = from; index <= known.last; index++) known.terms.delete(index);
      known.last = from - 1;
    }
    const entries: LogEntry[] = Array.from({ length: this.#random.below(4) }, () => {
      known.terms.set(++known.last, ++this.#term);
      return { index: logIndex(known.last), term: term(this.#term), kind: 0, payload: payloadOf(this.#term) };
    });
    if (this.#random.below(3) === 0) known.voted = ++this.#term;
    const hardState = { term: term(known.voted), votedFor: nodeId('n1'), committed: logIndex(0) };
    const truncateFrom = truncates ? { truncateFrom: logIndex(from) } : {};
    const voted = known.voted === 0 ? {} : { hardState };
    const call = this.#called(which, 'log');
    this.#watch(this.#journal.write({ group, ...truncateFrom, entries, ...voted }), () =>
      this.#env.observe({ type: 'journal-done', ...call, entryCount: entries.length }),
    );
  }

  /** Reads some of what is durable, while it may be truncated, compacted and moved. */
  #read(): void {
    const group = groups[this.#random.below(2)] as (typeof groups)[number];
    const { first, last } = this.#journal.recover(group);
    const from = logIndex(first + this.#random.below(last - first + 2));
    const read = this.#journal.read(group, from, logIndex(last + 1)).then(entries => {
      const isWhole = entries.length === last + 1 - from;
      if (isWhole && entries.every((entry, at) => entry.index === from + at && isSound(entry))) return;
      this.#env.observe({ type: 'journal-misread', node: this.#env.self, group, from, last });
    });
    this.#watch(read, () => {});
  }

  /** Stands for entries that are durable: what was never acknowledged is not committed. */
  #snapshot(): void {
    const which = this.#random.below(2);
    const group = groups[which] as (typeof groups)[number];
    const known = this.#known[which] as KnownGroup;
    const durable = Math.min(known.last, this.#journal.recover(group).last);
    const index = Math.max(known.snapshot, durable - this.#random.below(3));
    const entryTerm = known.terms.get(index);
    if (entryTerm === undefined || known.saving > 0) return;
    if (this.#journal.termAt(group, logIndex(index)) !== entryTerm) return;
    known.saving = index;
    const call = this.#called(which, 'snapshot', { ...known, snapshot: index });
    this.#watch(this.#save(which, index, entryTerm), () => {
      known.snapshot = index;
      known.saving = 0;
      this.#env.observe({ type: 'journal-done', ...call });
    });
  }

  /** Takes a snapshot from elsewhere that is ahead of the log, as a replica that fell behind. */
  async #install(): Promise<void> {
    await Promise.all(this.#pending);
    if (this.#failures.length > 0) return;
    const which = this.#random.below(2);
    const known = this.#known[which] as KnownGroup;
    const index = known.last + 1 + this.#random.below(3);
    Object.assign(known, { first: index + 1, last: index, terms: new Map(), snapshot: index });
    const calls = [this.#called(which, 'log'), this.#called(which, 'snapshot')];
    this.#watch(this.#save(which, index, ++this.#term), () => {
      this.#env.reached('installed');
      for (const call of calls) this.#env.observe({ type: 'journal-done', ...call });
    });
    await Promise.all(this.#pending);
  }

  #save(which: number, index: number, ofTerm: number): Promise<void> {
    async function* contents(): AsyncGenerator<Uint8Array> {
      yield payloadOf(ofTerm);
    }
    const metadata = { index: logIndex(index), term: term(ofTerm), membership: new Uint8Array(3) };
    return this.#journal.saveSnapshot(groups[which] as (typeof groups)[number], metadata, contents());
  }

  /** Nothing is observed when it is done: one that found nothing to do says nothing about the writes before it. */
  #compact(): void {
    const which = this.#random.below(2);
    const known = this.#known[which] as KnownGroup;
    for (let index = known.first; index <= known.snapshot; index++) known.terms.delete(index);
    known.first = Math.max(known.first, known.snapshot + 1);
    const group = groups[which] as (typeof groups)[number];
    this.#called(which, 'log');
    this.#watch(this.#journal.compact(group, logIndex(known.snapshot)), () => this.#env.reached('compacted'));
  }
}
