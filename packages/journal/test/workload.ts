import {
  type GroupId,
  groupId,
  type HardState,
  type Journal,
  type LogEntry,
  logIndex,
  nodeId,
  type Random,
  term,
} from '@quorate/core';

/** One call of a journal, as data. */
export type Step =
  | {
      readonly type: 'write';
      readonly group: number;
      readonly truncate: number;
      readonly sizes: number[];
      readonly vote: boolean;
    }
  | { readonly type: 'snapshot'; readonly group: number; readonly ahead: number }
  | { readonly type: 'compact'; readonly group: number };

/** What a group must look like. */
export interface ModelGroup {
  first: number;
  last: number;
  readonly entries: Map<number, { term: number; payload: Uint8Array }>;
  hardState: HardState | undefined;
  snapshot: { index: number; term: number } | undefined;
}

export type Model = Map<number, ModelGroup>;

function emptyGroup(): ModelGroup {
  return { first: 1, last: 0, entries: new Map(), hardState: undefined, snapshot: undefined };
}

/** All groups of {@link randomStep}, so that none that should be empty is left out of a comparison. */
export function freshModel(): Model {
  return new Map([1, 2, 3].map(id => [id, emptyGroup()]));
}

export function cloneModel(model: Model): Model {
  return new Map(
    [...model].map(([id, group]) => [id, { ...group, entries: new Map(group.entries) }] as const),
  );
}

let serial = 0;

/** Brings a step into bounds, applies it to the model and returns the call. */
export function prepare(step: Step, model: Model): (journal: Journal) => Promise<void> {
  const id = groupId(step.group);
  const group = model.get(step.group) as ModelGroup;
  if (step.type === 'write') return prepareWrite(step, id, group);
  if (step.type === 'compact') {
    if (group.snapshot === undefined) return journal => journal.compact(id, logIndex(1));
    const upTo = group.snapshot.index;
    for (let index = group.first; index <= upTo; index++) group.entries.delete(index);
    group.first = Math.max(group.first, upTo + 1);
    return journal => journal.compact(id, logIndex(upTo));
  }
  return prepareSnapshot(step, id, group);
}

function prepareWrite(step: Step & { type: 'write' }, id: GroupId, group: ModelGroup) {
  const least = Math.max(group.first, (group.snapshot?.index ?? 0) + 1);
  const from = Math.max(least, group.last + 1 - step.truncate);
  const truncates = step.truncate > 0 && from <= group.last;
  if (truncates) {
    for (let index = from; index <= group.last; index++) group.entries.delete(index);
    group.last = from - 1;
  }
  const entries: LogEntry[] = step.sizes.map(size => {
    serial++;
    group.last++;
    const payload = new Uint8Array(size).fill(serial % 251);
    group.entries.set(group.last, { term: serial, payload });
    return { index: logIndex(group.last), term: term(serial), kind: serial % 256, payload };
  });
  const hardState = step.vote
    ? {
        term: term(++serial),
        votedFor: serial % 2 === 0 ? nodeId(`n${serial}`) : undefined,
        committed: logIndex(group.last),
      }
    : undefined;
  group.hardState = hardState ?? group.hardState;
  const write = {
    group: id,
    ...(truncates ? { truncateFrom: logIndex(from) } : {}),
    entries,
    ...(hardState === undefined ? {} : { hardState }),
  };
  return (journal: Journal) => journal.write(write);
}

function prepareSnapshot(step: Step & { type: 'snapshot' }, id: GroupId, group: ModelGroup) {
  const index = Math.max(1, group.last + step.ahead, group.snapshot?.index ?? 0);
  const held =
    group.entries.get(index)?.term ?? (group.snapshot?.index === index ? group.snapshot.term : undefined);
  const snapshotTerm = held ?? ++serial;
  if (index > group.last) {
    group.entries.clear();
    group.first = index + 1;
    group.last = index;
  }
  group.snapshot = { index, term: snapshotTerm };
  const metadata = {
    index: logIndex(index),
    term: term(snapshotTerm),
    membership: Uint8Array.of(id, index % 256),
  };
  return (journal: Journal) => journal.saveSnapshot(id, metadata, snapshotOf(id, index));
}

/** The contents of a group's snapshot. */
export async function* snapshotOf(group: number, index: number): AsyncGenerator<Uint8Array> {
  yield new Uint8Array(index % 700).fill(group);
  yield Uint8Array.of(index % 256);
}

/** What differs between a journal and the model, if anything does. */
export async function difference(journal: Journal, model: Model): Promise<string | undefined> {
  for (const [id, expected] of model) {
    const group = groupId(id);
    const { first, last, hardState, snapshot } = journal.recover(group);
    const found = JSON.stringify([
      first,
      last,
      hardState?.term,
      hardState?.votedFor,
      hardState?.committed,
      snapshot?.index,
      snapshot?.term,
    ]);
    const wanted = JSON.stringify([
      expected.first,
      expected.last,
      expected.hardState?.term,
      expected.hardState?.votedFor,
      expected.hardState?.committed,
      expected.snapshot?.index,
      expected.snapshot?.term,
    ]);
    if (found !== wanted) return `group ${id} is ${found}, not ${wanted}`;
    for (const entry of await journal.read(group, first, logIndex(last + 1))) {
      const held = expected.entries.get(entry.index);
      if (held?.term !== entry.term || journal.termAt(group, entry.index) !== entry.term)
        return `entry ${entry.index} has another term`;
      if (Buffer.compare(held.payload, entry.payload) !== 0)
        return `entry ${entry.index} has another payload`;
    }
    const contents = await contentsOf(journal, group);
    if (contents === undefined) continue;
    const chunks: Uint8Array[] = [];
    for await (const chunk of snapshotOf(id, expected.snapshot?.index ?? 0)) chunks.push(chunk);
    if (Buffer.compare(Buffer.concat(chunks), contents) !== 0)
      return `snapshot of group ${id} has other contents`;
  }
  return undefined;
}

async function contentsOf(journal: Journal, group: GroupId): Promise<Buffer | undefined> {
  const snapshot = journal.openSnapshot(group);
  if (snapshot === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of snapshot.chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A step by chance: mostly writes, now and then much of it. */
export function randomStep(random: Random): Step {
  const group = 1 + random.below(3);
  const kind = random.below(12);
  if (kind === 0) return { type: 'snapshot', group, ahead: random.below(4) === 0 ? 3 : 0 };
  if (kind === 1) return { type: 'compact', group };
  const sizes = Array.from({ length: random.below(4) }, () =>
    random.below(random.below(3) === 0 ? 7000 : 200),
  );
  return {
    type: 'write',
    group,
    truncate: random.below(3) === 0 ? random.below(6) : 0,
    sizes,
    vote: random.below(4) === 0,
  };
}
