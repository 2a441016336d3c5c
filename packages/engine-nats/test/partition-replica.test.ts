import {
  type Condition,
  type Entry,
  errorCode,
  type OperationId,
  type Revision,
  type SessionId,
  StorePartition,
} from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Draft, type Resolve } from '../src/draft.ts';
import { decodeMessage, encodeDelta, encodeMessage } from '../src/partition-message.ts';
import { PartitionReplica } from '../src/partition-replica.ts';

const sessions = ['one', 'two'] as SessionId[];
const all = { prefix: '', createdBefore: Number.POSITIVE_INFINITY, newestFirst: false, limit: 1000 };
const limits = { partitionMaxBytes: 1e6, isDead: () => false };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What a call is to do; which revision its condition names is found out on each side for itself. */
interface Step {
  readonly verb: 'put' | 'delete' | 'enqueue' | 'add' | 'batch' | 'end';
  readonly key: string;
  readonly value: string;
  readonly condition: 'absent' | 'modified' | 'created' | 'stale';
  readonly session: SessionId | undefined;
  readonly operation: OperationId | undefined;
}

const key = fc.constantFrom('p/a', 'p/b', 'p/n', 'p/q/');
const operation = fc.record({
  session: fc.constantFrom(...sessions),
  sequence: fc.integer({ min: 1, max: 3 }),
});
const verbs = ['put', 'put', 'delete', 'enqueue', 'add', 'batch', 'end'] as const;
const anyStep: fc.Arbitrary<Step> = fc.record({
  verb: fc.constantFrom(...verbs),
  key,
  value: fc.constantFrom('1', '20', 'text', ''),
  condition: fc.constantFrom('absent', 'modified', 'created', 'stale'),
  session: fc.option(fc.constantFrom(...sessions), { nil: undefined }),
  operation: fc.option(operation, { nil: undefined }),
});

/** An operation is repeated as what it was. */
const step = anyStep.map(({ operation: id, ...rest }): Step => {
  const sequence = id && id.sequence * verbs.length + verbs.indexOf(rest.verb);
  return { ...rest, operation: id && { session: id.session, sequence: sequence as number } };
});

interface Side {
  get(key: string): Entry | undefined;
}

function conditionOf({ condition, key: name }: Step, side: Side): Condition {
  const current = side.get(name);
  if (condition === 'absent') return { absent: true };
  if (condition === 'stale' || current === undefined) return { modified: (2 ** 50) as Revision };
  return condition === 'modified' ? { modified: current.modified } : { created: current.created };
}

type Verbs = Pick<StorePartition, 'put' | 'delete' | 'enqueue' | 'add' | 'batch'>;

/** The call on either side: the model gives its results, a draft how they come about. */
function run(each: Step, side: Verbs, condition: Condition): unknown {
  const { verb, key: name, session = 'one' as SessionId, operation: id } = each;
  const value = bytes(each.value);
  const named = each.session === undefined ? {} : { session: each.session };
  if (verb === 'put') return side.put({ type: 'put', key: name, value, ...named }, condition, id);
  if (verb === 'delete') return side.delete(name, condition, id);
  if (verb === 'enqueue') return side.enqueue('p/q/', value, session, id);
  if (verb === 'add') return side.add(name, 5n, id);
  const writes = [
    { type: 'put', key: 'p/c', value, ...named } as const,
    { type: 'delete', key: name } as const,
  ];
  return side.batch(new Map([[name, condition]]), writes.slice(0, value.length), id);
}

/** What both sides must have in common: revisions differ, and the keys that are made of them. */
function common(value: unknown): unknown {
  const text = JSON.stringify(value, (name, field: unknown) => {
    if (['revision', 'created', 'modified'].includes(name)) return undefined;
    if (field instanceof Uint8Array) return [...field].join();
    if (typeof field === 'bigint') return `${field}`;
    return typeof field === 'string' ? field.replace(/\d{16}$/, '#') : field;
  });
  return text === undefined ? undefined : JSON.parse(text);
}

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (thrown) {
    return {
      thrown: errorCode(thrown) ?? (thrown as Error).name,
      outcome: (thrown as { outcome?: string }).outcome,
    };
  }
}

/** Carries a group of calls out in one message; gives their results. */
function commit(
  replica: PartitionReplica,
  group: readonly Step[],
  conditions: readonly Condition[],
  sequence: number,
): unknown[] {
  const draft = new Draft(replica, limits);
  const judged = group.map((each, index) =>
    attempt(() =>
      each.verb === 'end'
        ? draft.end(each.session ?? sessions[0]!, 100)
        : run(each, draft as never as Verbs, conditions[index] as Condition),
    ),
  );
  const nonce = Buffer.from(`nonce${String(sequence).padStart(3, '0')}`).toString('base64url');
  const applied = draft.isEmpty
    ? []
    : replica.apply({ position: { sequence, nonce }, bytes: encodeDelta(draft) });
  return judged.map(verdict =>
    typeof verdict === 'function' ? (verdict as Resolve<unknown>)(applied, replica) : verdict,
  );
}

test('calls judged in groups do what they do one after the other', () => {
  const groups = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
  fc.assert(
    fc.property(groups, history => {
      const ended = new Set<SessionId>();
      const model = new StorePartition({ isAlive: session => !ended.has(session) });
      const replica = PartitionReplica.empty(0 as Revision);
      let sequence = 0;
      for (const steps of history) {
        // Ends come last: what a queue was given in the same message ends with the next.
        const group = [...steps].sort(
          (one, other) => Number(one.verb === 'end') - Number(other.verb === 'end'),
        );
        const ours = group.map(each => conditionOf(each, replica));
        const theirs = group.map(each => conditionOf(each, model));
        const results = commit(replica, group, ours, ++sequence);
        for (const [place, each] of group.entries()) {
          if (each.verb === 'end') {
            ended.add(each.session ?? sessions[0]!);
            model.endSession(each.session ?? sessions[0]!);
            continue;
          }
          const expected = attempt(() => run(each, model, theirs[place] as Condition));
          if (each.verb === 'enqueue' && group.length > 1) {
            expect(common((results[place] as { self?: Entry }).self)).toEqual(
              common((expected as { self?: Entry }).self),
            );
          } else {
            expect(common(results[place])).toEqual(common(expected));
          }
        }
        for (const session of ended)
          while (replica.keysOf(session).length > 0) commit(replica, [endOf(session)], [], ++sequence);
        expect(common(replica.list(all).entries)).toEqual(common(model.list(all).entries));
        const revisions = replica.changesAfter('', 0)!.map(({ revision }) => revision);
        expect(revisions).toEqual([...revisions].sort((one, other) => one - other));
      }
    }),
    { numRuns: 300 },
  );
});

const endOf = (session: SessionId): Step => ({
  verb: 'end',
  key: '',
  value: '',
  condition: 'absent',
  session,
  operation: undefined,
});

test('a copy made of a message is the copy that wrote it, wherever its history begins', () => {
  const history = fc.array(fc.tuple(fc.array(step, { minLength: 1, maxLength: 3 }), fc.boolean()), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(history, groups => {
      const replica = PartitionReplica.empty(0 as Revision);
      const follower = PartitionReplica.empty(0 as Revision);
      for (const [index, [group, compacts]] of groups.entries()) {
        if (compacts) replica.compact();
        const conditions = group.map(each => conditionOf(each, replica));
        const base = replica.position;
        const before = { ...replica.history, records: [...replica.history.records] };
        commit(replica, group, conditions, index + 1);
        if (replica.position === base) continue;
        const own = replica.history.records.at(-1)!;
        const message = { nonce: own.position.nonce, base, history: before, bytes: own.bytes };
        const decoded = decodeMessage(encodeMessage(message));
        expect(decoded.base).toEqual(base);
        const read = new PartitionReplica({
          ...decoded.history!,
          records: [...decoded.history!.records, { position: own.position, bytes: decoded.bytes }],
        });
        expect(follower.catchUp(decoded.history!)).toBe(true);
        follower.apply({ position: own.position, bytes: decoded.bytes });
        for (const copy of [read, follower]) {
          expect(copy.list(all)).toEqual(replica.list(all));
          expect(copy.position).toEqual(replica.position);
          for (const session of sessions) {
            expect(copy.rememberedOf(session)).toEqual(replica.rememberedOf(session));
            expect(copy.isEnded(session)).toBe(replica.isEnded(session));
          }
          copy.compact();
        }
        expect(follower.changesAfter('', 0)).toEqual(replica.changesAfter('', 0));
      }
    }),
    { numRuns: 300 },
  );
});

test('an operation that is repeated as something else is an error', () => {
  const replica = PartitionReplica.empty(0 as Revision);
  const put: Step = {
    ...endOf(sessions[0]!),
    verb: 'put',
    key: 'p/a',
    operation: { session: sessions[0]!, sequence: 1 },
  };
  const group = [put, { ...put, verb: 'add' as const }];
  const [first, second] = commit(replica, group, [{ absent: true }, { absent: true }], 1);
  expect(first).toMatchObject({ outcome: 'applied' });
  expect(second).toMatchObject({ thrown: 'TypeError' });
  expect(commit(replica, [group[1]!], [], 2)).toMatchObject([{ thrown: 'TypeError' }]);
});

test('a copy does not follow a history that it is no part of', () => {
  const one = PartitionReplica.empty(0 as Revision);
  const other = PartitionReplica.empty(0 as Revision);
  const put: Step = { ...endOf(sessions[0]!), verb: 'put', key: 'p/a' };
  commit(one, [put], [{ absent: true }], 1);
  other.apply({ position: { sequence: 1, nonce: 'AAAAAAAAAAE' }, bytes: one.history.records[0]!.bytes });
  one.compact();
  expect(other.catchUp(one.history)).toBe(false);
});

test('bytes of another format are refused, and those that end too early', () => {
  const replica = PartitionReplica.empty(0 as Revision);
  const { position, ...history } = replica.history;
  const message = encodeMessage({
    nonce: 'AAAAAAAAAAE',
    base: position,
    history: { position, ...history },
    bytes: bytes(''),
  });
  expect(() => decodeMessage(message.subarray(0, 20))).toThrow(RangeError);
  expect(() => decodeMessage(message.with(0, 9))).toThrow('Format of a message must be 1: received 9');
});
