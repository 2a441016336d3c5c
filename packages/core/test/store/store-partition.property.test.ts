import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Revision, type SessionId, sessionId } from '../../src/ids.ts';
import type { BatchWrite, Condition, Entry, StoreEvent } from '../../src/store/store.ts';
import { StorePartition } from '../../src/store/store-partition.ts';

/**
 * The same machine, said another way: the whole history as a list of changes, from which everything is worked out anew each time.
 */
class Ledger {
  readonly changes: Extract<StoreEvent, { entry: Entry }>[] = [];
  revision = 0;

  get entries(): Entry[] {
    const standing: Entry[] = [];
    for (const { type, entry } of this.changes) {
      const place = standing.findIndex(({ key }) => key === entry.key);
      if (type === 'delete') standing.splice(place, 1);
      else if (place === -1) standing.push(entry);
      else standing[place] = entry;
    }
    return standing;
  }

  find(key: string): Entry | undefined {
    return this.entries.find(entry => entry.key === key);
  }

  holds(key: string, condition: Condition): boolean {
    const current = this.find(key);
    if ('absent' in condition) return current === undefined;
    return 'modified' in condition
      ? current?.modified === condition.modified
      : current?.created === condition.created;
  }

  write(writes: readonly BatchWrite[]): void {
    const revision = ++this.revision as Revision;
    for (const write of writes) {
      const current = this.find(write.key);
      if (write.type === 'put') {
        const { type: _, ...rest } = write;
        const entry = { ...rest, created: current?.created ?? revision, modified: revision };
        this.changes.push({ type: 'put', entry, revision });
      } else if (current !== undefined) this.changes.push({ type: 'delete', entry: current, revision });
    }
  }

  /** In order of creation; of those that one batch made, in the order of their last changes. */
  endSession(session: SessionId): void {
    const owned = this.entries.filter(entry => entry.session === session);
    const lastChange = (entry: Entry): number => this.changes.findLastIndex(change => change.entry === entry);
    owned.sort((one, other) => one.created - other.created || lastChange(one) - lastChange(other));
    for (const { key } of owned) this.write([{ type: 'delete', key }]);
  }
}

const key = fc.constantFrom('p/a', 'p/b', 'p/bb', 'q/c');
const session = fc.constantFrom(...['one', 'two', 'three'].map(sessionId));
const condition: fc.Arbitrary<'absent' | 'modified' | 'created' | 'stale'> = fc.constantFrom(
  'absent',
  'modified',
  'created',
  'stale',
);
const write = fc.record({ key, isDelete: fc.boolean(), owner: fc.option(session, { nil: undefined }) });
const step = fc.oneof(
  fc.record({
    type: fc.constant('batch' as const),
    asked: fc.array(fc.tuple(key, condition), { maxLength: 2 }),
    writes: fc.uniqueArray(write, { selector: item => item.key, maxLength: 3 }),
  }),
  fc.record({ type: fc.constant('single' as const), condition, write }),
  fc.record({ type: fc.constant('end' as const), session }),
);

function conditionOf(ledger: Ledger, name: string, kind: string): Condition {
  const current = ledger.find(name);
  if (kind === 'absent') return { absent: true };
  if (kind === 'created') return { created: current?.created ?? (1 as Revision) };
  return { modified: kind === 'modified' && current ? current.modified : (1 as Revision) };
}

function writeOf({
  key: name,
  isDelete,
  owner,
}: {
  key: string;
  isDelete: boolean;
  owner: SessionId | undefined;
}): BatchWrite {
  if (isDelete) return { type: 'delete', key: name };
  return {
    type: 'put',
    key: name,
    value: new Uint8Array(1),
    ...(owner === undefined ? {} : { session: owner }),
  };
}

test('is what its history says, after every step', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(), (script, anywhere) => {
      const partition = new StorePartition();
      const ledger = new Ledger();
      for (const taken of script) {
        if (taken.type === 'end') {
          partition.endSession(taken.session);
          ledger.endSession(taken.session);
        } else if (taken.type === 'single') {
          const asked = conditionOf(ledger, taken.write.key, taken.condition);
          const one = writeOf(taken.write);
          const isThere = one.type === 'put' || ledger.find(one.key) !== undefined;
          const holds = isThere && ledger.holds(one.key, asked);
          const result = one.type === 'put' ? partition.put(one, asked) : partition.delete(one.key, asked);
          expect(result.outcome).toBe(holds ? 'applied' : 'not-applied');
          if (result.outcome === 'not-applied') expect(result.current).toEqual(ledger.find(one.key));
          if (holds) ledger.write([one]);
        } else {
          const conditions = new Map(
            taken.asked.map(([name, kind]) => [name, conditionOf(ledger, name, kind)]),
          );
          const failing = [...conditions].find(([name, asked]) => !ledger.holds(name, asked))?.[0];
          const writes = taken.writes.map(writeOf);
          const result = partition.batch(conditions, writes);
          expect('key' in result ? result.key : undefined).toBe(failing);
          if (failing === undefined && writes.length > 0) ledger.write(writes);
        }
        expect(partition.revision).toBe(ledger.revision);
      }
      const all = { prefix: '', createdBefore: Number.POSITIVE_INFINITY, newestFirst: false, limit: 1000 };
      expect(partition.list(all).entries).toEqual(ledger.entries);
      const from = anywhere % (ledger.revision + 1);
      const expected = ledger.changes.filter(
        ({ entry, revision }) => revision > from && entry.key.startsWith('p/b'),
      );
      expect(partition.changesAfter('p/b', from)).toEqual(expected);
      const createdBefore = from;
      const some = partition.list({ prefix: 'p/', createdBefore, newestFirst: true, limit: 2 }).entries;
      const older = ledger.entries.filter(
        ({ key: name, created }) => name.startsWith('p/') && created < createdBefore,
      );
      expect(some).toEqual(older.toReversed().slice(0, 2));
    }),
    { numRuns: process.env['QUORATE_LONG'] === undefined ? 300 : 10_000 },
  );
});

test('carries an operation out once, however it is repeated among others', () => {
  const operations = fc.array(
    fc.record({ session, sequence: fc.integer({ min: 1, max: 6 }), delta: fc.bigInt(-9n, 9n) }),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(operations, script => {
      const partition = new StorePartition();
      const last = new Map<SessionId, { sequence: number; value: bigint }>();
      let sum = 0n;
      for (const { session: owner, sequence, delta } of script) {
        const before = last.get(owner);
        const add = () => partition.add('p/n', delta, { session: owner, sequence });
        if (before !== undefined && sequence < before.sequence) {
          expect(add).toThrow(expect.objectContaining({ code: 'OPERATION_SUPERSEDED', outcome: 'unknown' }));
        } else if (before?.sequence === sequence) expect(add().value).toBe(before.value);
        else {
          sum += delta;
          expect(add().value).toBe(sum);
          last.set(owner, { sequence, value: sum });
        }
      }
      expect(partition.revision).toBeLessThanOrEqual(script.length);
    }),
  );
});
