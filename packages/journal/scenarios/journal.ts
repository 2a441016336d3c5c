import {
  type Disk,
  errorCode,
  groupId,
  type Journal,
  type LogEntry,
  logIndex,
  nodeId,
  type Random,
  sleep,
  term,
} from '@quorate/core';
import {
  defineScenario,
  type Fact,
  type Finding,
  type Invariant,
  type NodeEnv,
  type Scenario,
} from '@quorate/sim';
import { openJournal } from '../src/index.ts';

const groups = [groupId(1), groupId(2)];

/**
 * A group as its node believes it to be; in text, what the invariant compares. Groups are compared one by one: where the disk
 * is full, writes of one may be refused while a later one of another group, which adds nothing, is applied. A group's snapshot
 * is compared apart from its log, since it takes its time while the log goes on.
 */
interface Known {
  first: number;
  last: number;
  terms: Map<number, number>;
  voted: number;
  snapshot: number;
  /** A snapshot that is being saved, or 0. */
  saving: number;
}

/** What an entry holds follows from its term, so that reading it again shows whether it is the same. */
function payloadOf(entryTerm: number): Uint8Array {
  return new Uint8Array((entryTerm * 131) % 3000).fill(entryTerm % 251);
}

/** What of a group the invariant compares by itself. */
type Part = 'log' | 'snapshot';

function describe({ first, last, terms, voted, snapshot }: Known, part: Part): string {
  if (part === 'snapshot') return String(snapshot);
  const held = Array.from({ length: last - first + 1 }, (_, at) => terms.get(first + at));
  return `${first}-${last}:${held.join(',')};${voted}`;
}

/** Reads everything that a journal has. */
async function readAll(journal: Journal): Promise<Known[]> {
  const all: Known[] = [];
  for (const group of groups) {
    const { first, last, hardState, snapshot } = journal.recover(group);
    const terms = new Map<number, number>();
    for (const entry of await journal.read(group, first, logIndex(last + 1))) {
      const isSame = Buffer.compare(entry.payload, payloadOf(entry.term)) === 0;
      terms.set(entry.index, isSame ? entry.term : -1);
    }
    all.push({ first, last, terms, voted: hardState?.term ?? 0, snapshot: snapshot?.index ?? 0, saving: 0 });
  }
  return all;
}

/**
 * One life of a journal: everything that is about to be called is observed before, with the state that it leads to, and
 * everything that has resolved is observed after. Writes, snapshots and compactions overlap. Ends when a call has failed.
 */
class Life {
  readonly #env: NodeEnv;
  readonly #journal: Journal;
  readonly #random: Random;
  readonly #known: Known[];
  readonly #pending = new Set<Promise<void>>();
  readonly #failures: (string | undefined)[] = [];
  #step = 0;
  #term: number;

  constructor(env: NodeEnv, journal: Journal, known: Known[]) {
    this.#env = env;
    this.#journal = journal;
    this.#random = env.random.fork('work');
    this.#known = known;
    const terms = known.flatMap(({ terms: held, voted }) => [voted, ...held.values()]);
    this.#term = Math.max(0, ...terms);
  }

  async run(): Promise<void> {
    while (this.#failures.length === 0) {
      const kind = this.#random.below(8);
      if (kind === 0) this.#snapshot();
      else if (kind === 1) this.#compact();
      else this.#writes();
      if (this.#random.below(4) === 0) await Promise.all(this.#pending);
      await sleep(this.#env.clock, this.#random.below(20));
    }
    await Promise.all(this.#pending);
    if (this.#failures.includes('STORAGE_FULL')) this.#env.reached('full');
  }

  /** What a call leads to, before it is made. */
  #called(which: number, part: Part): { node: string; group: number; part: Part; step: number } {
    const about = { node: this.#env.self, group: which, part, step: ++this.#step };
    this.#env.observe({
      type: 'journal-called',
      ...about,
      state: describe(this.#known[which] as Known, part),
    });
    return about;
  }

  /** Nothing is called any more once something has failed: it might build on what was refused. */
  #watch(call: Promise<void>, onDone: () => void): void {
    if (this.#pending.size > 0) this.#env.reached('overlapped');
    const watched = call
      .then(onDone)
      .catch((error: unknown) => void this.#failures.push(errorCode(error)))
      .finally(() => this.#pending.delete(watched));
    this.#pending.add(watched);
  }

  #writes(): void {
    for (let count = this.#random.below(4); count >= 0; count--) this.#write(this.#random.below(2));
  }

  #write(which: number): void {
    const group = groups[which] as (typeof groups)[number];
    const known = this.#known[which] as Known;
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
    const about = this.#called(which, 'log');
    this.#watch(this.#journal.write({ group, ...truncateFrom, entries, ...voted }), () =>
      this.#env.observe({ type: 'journal-done', ...about }),
    );
  }

  #snapshot(): void {
    const which = this.#random.below(2);
    const known = this.#known[which] as Known;
    const index = Math.max(known.snapshot, known.last - this.#random.below(3));
    const entryTerm = known.terms.get(index);
    if (entryTerm === undefined || index === 0 || known.saving > 0) return;
    const before = known.snapshot;
    known.snapshot = index;
    const about = this.#called(which, 'snapshot');
    known.snapshot = before;
    known.saving = index;
    const metadata = { index: logIndex(index), term: term(entryTerm), membership: new Uint8Array(3) };
    async function* contents(): AsyncGenerator<Uint8Array> {
      yield payloadOf(entryTerm as number);
    }
    const group = groups[which] as (typeof groups)[number];
    this.#watch(this.#journal.saveSnapshot(group, metadata, contents()), () => {
      known.snapshot = index;
      known.saving = 0;
      this.#env.observe({ type: 'journal-done', ...about });
    });
  }

  /** Nothing is observed when it is done: one that found nothing to do says nothing about the writes before it. */
  #compact(): void {
    const which = this.#random.below(2);
    const known = this.#known[which] as Known;
    for (let index = known.first; index <= known.snapshot; index++) known.terms.delete(index);
    known.first = Math.max(known.first, known.snapshot + 1);
    const group = groups[which] as (typeof groups)[number];
    this.#called(which, 'log');
    this.#watch(this.#journal.compact(group, logIndex(known.snapshot)), () => this.#env.reached('compacted'));
  }
}

/** Opens the journal, says what is in it, and works with it, again and again where it fails. */
async function node(env: NodeEnv, disk: Disk): Promise<void> {
  for (;;) {
    let journal: Journal;
    try {
      journal = await openJournal({
        disk,
        segmentBytes: 65_536,
        cacheBytes: 16_384,
        clock: env.clock,
        random: env.random,
      });
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'STORAGE_FULL' && code !== 'IO_FAILED') {
        env.observe({ type: 'journal-refused', node: env.self, reason: String(error) });
        return;
      }
      await sleep(env.clock, 100);
      continue;
    }
    const known = await readAll(journal);
    for (const [group, held] of known.entries()) {
      for (const part of ['log', 'snapshot'] as const) {
        env.observe({
          type: 'journal-recovered',
          node: env.self,
          group,
          part,
          state: describe(held, part),
        });
      }
    }
    if (known.some(({ last }) => last > 0)) env.reached('recovered');
    await new Life(env, journal, known).run();
    await journal[Symbol.asyncDispose]();
    await sleep(env.clock, 100);
  }
}

interface Expected {
  /** What the journal may hold, the oldest first: the last state that was acknowledged, and those that were called since. */
  states: { step: number; state: string }[];
}

/** What a group was told is durable is found again, in order and whole, with any prefix of what was not (Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014). */
export function nothingAcknowledgedIsLost(): Invariant {
  const groupsOfNodes = new Map<string, Expected>();
  const expectedOf = (fact: Fact): Expected => {
    const part = fact['part'] === 'snapshot' ? 'snapshot' : 'log';
    const key = `${String(fact['node'])} ${String(fact['group'])} ${part}`;
    const known = groupsOfNodes.get(key) ?? { states: [{ step: 0, state: describe(empty(), part) }] };
    groupsOfNodes.set(key, known);
    return known;
  };
  return {
    name: 'nothing-acknowledged-is-lost',
    observe(fact): Finding | undefined {
      const expected = expectedOf(fact);
      if (fact.type === 'journal-called') {
        expected.states.push({ step: Number(fact['step']), state: String(fact['state']) });
      } else if (fact.type === 'journal-done') {
        expected.states = expected.states.filter(({ step }) => step >= Number(fact['step']));
      } else if (fact.type === 'journal-recovered') {
        const state = String(fact['state']);
        const wanted = expected.states;
        expected.states = [{ step: 0, state }];
        if (wanted.some(candidate => candidate.state === state)) return undefined;
        const details = { found: state, wanted: wanted.map(candidate => candidate.state) };
        return {
          rule: this.name,
          message: `Node ${String(fact['node'])} came back without what it acknowledged`,
          details,
        };
      } else if (fact.type === 'journal-refused') {
        return {
          rule: this.name,
          message: `Node ${String(fact['node'])} was refused its journal: ${String(fact['reason'])}`,
        };
      }
      return undefined;
    },
  };
}

function empty(): Known {
  return { first: 1, last: 0, terms: new Map(), voted: 0, snapshot: 0, saving: 0 };
}

/** @param wrap puts something between journal and disk: tests break it on purpose */
export function journalScenario(wrap: (disk: Disk) => Disk = disk => disk): Scenario {
  return defineScenario({
    name: 'journal',
    summary: 'Journals on simulated disks, under crashes, torn writes, failing syncs and full disks',
    nodes: ['n1', 'n2'],
    faults: {
      process: { crashes: true, pauses: true, downMax: 2 },
      disk: { torn: true, full: true, syncFailures: true },
    },
    probes: ['recovered', 'compacted', 'full', 'overlapped'],
    invariants: [nothingAcknowledgedIsLost],
    safetyMs: 10_000,
    livenessMs: 2_000,
    node: env => node(env, wrap(env.disk)),
  });
}

export default journalScenario();
