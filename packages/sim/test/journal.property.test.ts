import {
  groupId,
  type Journal,
  type JournalWrite,
  type LogEntry,
  logIndex,
  nodeId,
  type SnapshotMetadata,
  term,
} from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSimJournal, SimJournalState } from '../src/journal/sim-journal.ts';
import { ManualWorld } from './manual-device.ts';

type Step =
  | { readonly type: 'append'; readonly back: number; readonly count: number; readonly vote: boolean }
  | { readonly type: 'snapshot'; readonly at: number; readonly foreign: boolean }
  | { readonly type: 'compact'; readonly at: number };

const group = fc.constantFrom(1, 2);
const script = fc.array(
  fc.record({
    group,
    waitUs: fc.constantFrom(0, 0, 100, 1000, 5000),
    step: fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          type: fc.constant('append' as const),
          back: fc.constantFrom(0, 0, 0, 1, 3),
          count: fc.nat(4),
          vote: fc.boolean(),
        }),
      },
      fc.record({ type: fc.constant('snapshot' as const), at: fc.nat(12), foreign: fc.boolean() }),
      fc.record({ type: fc.constant('compact' as const), at: fc.nat(12) }),
    ),
  }),
  { maxLength: 16 },
);

/** A group's log as plainly as it can be said: entries by index. */
interface Log {
  readonly entries: Map<number, string>;
  snapshot: { readonly index: number; readonly term: number } | undefined;
  hardState: number | undefined;
  /** The last index that was ever reached, where no entry is left to tell. */
  last: number;
}

function emptyLog(): Log {
  return { entries: new Map(), snapshot: undefined, hardState: undefined, last: 0 };
}

/** A change of the model, and the same as a call. */
interface Change {
  readonly group: number;
  readonly apply: (log: Log) => void;
  readonly call: (journal: Journal) => Promise<void>;
}

function appendChange(log: Log, step: Step & { type: 'append' }, id: number, round: number): Change {
  const floor = Math.max(log.snapshot?.index ?? 0, Math.min(...log.entries.keys(), log.last + 1) - 1);
  const from = Math.max(floor + 1, log.last + 1 - step.back);
  const entries: LogEntry[] = Array.from({ length: step.count }, (_, offset) => ({
    index: logIndex(from + offset),
    term: term(round),
    kind: 0,
    payload: new TextEncoder().encode(`${round}.${from + offset}`),
  }));
  const isTruncating = from <= log.last;
  const hardState = { term: term(round), votedFor: nodeId('a'), committed: logIndex(0) };
  const write: JournalWrite = {
    group: groupId(id),
    ...(isTruncating ? { truncateFrom: logIndex(from) } : {}),
    entries,
    ...(step.vote ? { hardState } : {}),
  };
  return {
    group: id,
    call: journal => journal.write(write),
    apply: target => {
      for (const index of target.entries.keys())
        if (isTruncating && index >= from) target.entries.delete(index);
      if (isTruncating) target.last = from - 1;
      for (const entry of entries) target.entries.set(entry.index, `${round}.${entry.index}`);
      target.last += entries.length;
      if (step.vote) target.hardState = round;
    },
  };
}

function snapshotChange(
  log: Log,
  step: Step & { type: 'snapshot' },
  id: number,
  round: number,
): Change | undefined {
  const index = step.foreign ? step.at : Math.min(step.at, log.last);
  if (index < Math.max(1, log.snapshot?.index ?? 0)) return undefined;
  const held = log.entries.get(index);
  const own = held === undefined ? undefined : Number(held.split('.')[0]);
  const chosen = step.foreign ? round : (own ?? round);
  const metadata: SnapshotMetadata = {
    index: logIndex(index),
    term: term(chosen),
    membership: new Uint8Array(1),
  };
  return {
    group: id,
    call: journal => journal.saveSnapshot(groupId(id), metadata, chunksOf(`${round}`)),
    apply: target => {
      const entry = target.entries.get(index);
      const before = target.snapshot;
      const joins = entry?.startsWith(`${chosen}.`) || (before?.index === index && before.term === chosen);
      target.snapshot = { index, term: chosen };
      if (joins) return;
      target.entries.clear();
      target.last = index;
    },
  };
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

function compactChange(log: Log, step: Step & { type: 'compact' }, id: number): Change {
  const upTo = Math.min(step.at, log.snapshot?.index ?? 0);
  return {
    group: id,
    call: journal => journal.compact(groupId(id), logIndex(step.at)),
    apply: target => {
      for (const index of target.entries.keys()) if (index <= upTo) target.entries.delete(index);
    },
  };
}

/** What the journal tells of a group, and what it should tell, in one form. */
async function told(world: ManualWorld, journal: Journal, id: number): Promise<unknown> {
  const { first, last, hardState, snapshot } = journal.recover(groupId(id));
  const entries = await world.until(journal.read(groupId(id), first, logIndex(last + 1)));
  return {
    last,
    entries: entries.map(entry => [entry.index, new TextDecoder().decode(entry.payload)]),
    hardState: hardState?.term,
    snapshot: snapshot && { index: snapshot.index, term: snapshot.term },
  };
}

function expected(log: Log): unknown {
  const { entries, hardState, snapshot, last } = log;
  return { last, entries: [...entries].sort(([one], [other]) => one - other), hardState, snapshot };
}

test('a crash leaves what has resolved and the first few of the calls that have not', async () => {
  const kept = new Set<string>();
  const property = fc.asyncProperty(script, fc.nat(), async (steps, seed) => {
    const world = new ManualWorld(seed);
    const state = new SimJournalState();
    const device = world.device();
    const journal = openSimJournal(device, state, { clock: device.clock() });
    const logs = new Map([1, 2].map(id => [id, emptyLog()]));
    const changes: Change[] = [];
    const resolved = new Set<number>();
    for (const [round, { group: id, step, waitUs }] of steps.entries()) {
      const log = logs.get(id) as Log;
      const change =
        step.type === 'append'
          ? appendChange(log, step, id, round + 1)
          : step.type === 'compact'
            ? compactChange(log, step, id)
            : snapshotChange(log, step, id, round + 1);
      if (change === undefined) continue;
      change.apply(log);
      const position = changes.push(change);
      void change.call(journal).then(() => resolved.add(position));
      await world.advance(waitUs);
      // None resolves before those that were called before it.
      expect(Math.max(0, ...resolved)).toBe(resolved.size);
    }
    device.alive = false;
    state.crash(world.dice);
    const after = world.device();
    const again = openSimJournal(after, state, { clock: after.clock() });
    const found = [await told(world, again, 1), await told(world, again, 2)];
    const prefixes: unknown[] = [];
    const replayed = new Map([1, 2].map(id => [id, emptyLog()]));
    for (let count = 0; count <= changes.length; count++) {
      if (count > 0) changes[count - 1]?.apply(replayed.get(changes[count - 1]?.group as number) as Log);
      if (count >= resolved.size) prefixes.push([...replayed.values()].map(expected));
    }
    expect(prefixes).toContainEqual(found);
    const isAll = JSON.stringify(found) === JSON.stringify(prefixes.at(-1));
    if (prefixes.length > 2) kept.add(isAll ? 'all' : 'some');
  });
  await fc.assert(property, { numRuns: process.env['QUORATE_LONG'] === undefined ? 400 : 5_000 });
  expect([...kept].sort()).toEqual(['all', 'some']);
});
