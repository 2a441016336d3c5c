import { groupId, type Journal, logIndex, ManualClock, type Random, seededRandom, term } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openJournal } from '../src/index.ts';
import { CrashDisk, type CrashKind } from './crash-disk.ts';
import {
  cloneModel,
  difference,
  freshModel,
  type Model,
  type ModelGroup,
  prepare,
  randomStep,
  snapshotOf,
} from './workload.ts';

const runs = process.env['QUORATE_LONG'] === undefined ? 60 : 5000;
const kinds = ['all', 'none', 'any'] as const;

function open(disk: CrashDisk): Promise<Journal> {
  return openJournal({
    disk,
    segmentBytes: 65_536,
    cacheBytes: 4096,
    clock: new ManualClock(),
    random: seededRandom(1),
  });
}

interface Saved {
  readonly index: number;
  readonly term: number;
}

/** One life of a journal whose calls overlap, and what may be found after it. */
class Run {
  /** What the logs hold after each call that changes them; snapshots are counted apart, since they take their time. */
  readonly states: Model[];
  acknowledged = 0;
  /** Snapshots that may or may not be durable yet, by group. */
  readonly saving = new Map<number, Saved>();
  readonly #random: Random;
  readonly #model: Model;
  readonly #pending = new Set<Promise<void>>();

  constructor(random: Random, start: Model) {
    this.#random = random;
    this.#model = cloneModel(start);
    this.states = [cloneModel(start)];
  }

  async live(journal: Journal, steps: number): Promise<void> {
    for (let count = 0; count < steps; count++) {
      const step = randomStep(this.#random);
      const group = this.#model.get(step.group) as ModelGroup;
      if (step.type === 'write') {
        // A truncation below a snapshot that is being saved would contradict it.
        const floor = this.saving.get(step.group)?.index ?? 0;
        this.#change(journal, { ...step, truncate: Math.min(step.truncate, group.last - floor) });
      } else if (step.type === 'compact') {
        // How far it goes is known where the snapshot is: the first one of a group may come into being meanwhile.
        if (group.snapshot !== undefined || !this.saving.has(step.group)) this.#change(journal, step);
      } else if (step.ahead > 0 || group.entries.size === 0) {
        // It replaces the log, so that what is on its way would make no sense.
        await this.#settled();
        this.#change(journal, step);
        await this.#settled();
      } else if (!this.saving.has(step.group)) {
        this.#save(journal, step.group, group);
      }
      if (this.#random.below(12) === 0) await this.#settled();
      for (let turn = this.#random.below(24); turn > 0; turn--) await Promise.resolve();
    }
    await this.#settled();
    await journal[Symbol.asyncDispose]();
  }

  /** The state that a journal came back to, if that is one to which it may come back; else why it is not. */
  async found(journal: Journal): Promise<Model | string> {
    let reason = 'nothing to compare with';
    for (const state of this.states.slice(this.acknowledged)) {
      const model = this.#withSnapshots(journal, state);
      const differs = await difference(journal, model);
      if (differs === undefined) return model;
      reason = differs;
    }
    return `After ${this.acknowledged} of ${this.states.length - 1} calls: ${reason}`;
  }

  #change(journal: Journal, step: Parameters<typeof prepare>[0]): void {
    const call = prepare(step, this.#model);
    const at = this.states.push(cloneModel(this.#model)) - 1;
    this.#watch(
      call(journal).then(() => {
        // A compaction that has nothing to do says nothing about what was called before it.
        if (step.type !== 'compact') this.acknowledged = Math.max(this.acknowledged, at);
      }),
    );
  }

  /** Takes a snapshot at one of the last entries while everything else goes on. */
  #save(journal: Journal, id: number, group: ModelGroup): void {
    const least = Math.max(group.first, (group.snapshot?.index ?? 0) + 1);
    const index = Math.max(least, group.last - this.#random.below(10));
    const held = group.entries.get(index);
    if (held === undefined) return;
    const saved = { index, term: held.term };
    this.saving.set(id, saved);
    const metadata = {
      index: logIndex(index),
      term: term(held.term),
      membership: Uint8Array.of(id, index % 256),
    };
    const call = journal.saveSnapshot(groupId(id), metadata, snapshotOf(id, index));
    this.#watch(
      call.then(() => {
        this.saving.delete(id);
        group.snapshot = saved;
        // It is durable by now, whichever of the states is found.
        for (const state of this.states) (state.get(id) as ModelGroup).snapshot = saved;
      }),
    );
  }

  #watch(call: Promise<void>): void {
    const done = call.finally(() => this.#pending.delete(done));
    done.catch(() => undefined);
    this.#pending.add(done);
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#pending);
  }

  #withSnapshots(journal: Journal, state: Model): Model {
    const model = cloneModel(state);
    for (const [id, saved] of this.saving) {
      if (journal.recover(groupId(id)).snapshot?.index !== saved.index) continue;
      (model.get(id) as ModelGroup).snapshot = saved;
    }
    return model;
  }
}

/** Lives one after the other, each ended by a crash, and recoveries ended by crashes, too. */
async function lives(seed: number, count: number): Promise<void> {
  const random = seededRandom(seed);
  const atOnce = (): { atOnce: boolean } => ({ atOnce: random.below(5) === 0 });
  let disk = new CrashDisk(atOnce());
  let model = freshModel();
  for (let life = 0; life < count; life++) {
    // Some lives are long enough to end by themselves.
    disk.crashAt = 1 + random.below(500);
    const run = new Run(random, model);
    await Promise.race([open(disk).then(journal => run.live(journal, 90)), disk.crashed]);
    let left = disk.after(kinds[random.below(3)] as CrashKind, random);
    for (let attempt = 0; attempt < 2; attempt++) {
      left.crashAt = 1 + random.below(8);
      const opening = open(left).then(journal => journal[Symbol.asyncDispose]());
      await Promise.race([opening, left.crashed]);
      left = left.after('any', random, atOnce());
    }
    const journal = await open(left);
    const found = await run.found(journal);
    if (typeof found === 'string') expect.unreachable(`life ${life}: ${found}`);
    else model = found;
    await journal[Symbol.asyncDispose]();
    disk = left.after('none', random, atOnce());
  }
}

describe('calls that overlap: writes, compactions and snapshots', () => {
  test('lose nothing acknowledged, and leave a journal that opens, whenever the machine ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), seed => lives(seed, 5)),
      { numRuns: runs },
    );
  }, 600_000);
});
