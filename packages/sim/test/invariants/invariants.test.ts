import { describe, expect, test } from 'vitest';
import type { Invariant } from '../../src/invariant.ts';
import { type BankSnapshot, bankTotals } from '../../src/invariants/bank-totals.ts';
import {
  type AcknowledgedUpdate,
  crdtConvergence,
  type ReplicaState,
} from '../../src/invariants/crdt-convergence.ts';
import { exactlyOnce, type TaskAccepted, type TaskProcessed } from '../../src/invariants/exactly-once.ts';
import { monotonicReads, type SessionRead } from '../../src/invariants/monotonic-reads.ts';
import { type LockFact, mutualExclusion } from '../../src/invariants/mutual-exclusion.ts';
import {
  noLostAcknowledgement,
  type WriteAcknowledged,
  type WritesFound,
} from '../../src/invariants/no-lost-acknowledgement.ts';
import type { Fact } from '../../src/scenario.ts';

/** Feeds the facts at 0, 10, 20 ms and so on; returns the first message. */
function judge(make: () => Invariant, facts: readonly Fact[]): string | undefined {
  const invariant = make();
  // A second one beside it must not see anything of the first.
  const bystander = make();
  for (const [index, fact] of facts.entries()) {
    const finding = invariant.observe(fact, { atMs: index * 10, node: 'n1' });
    if (finding !== undefined) {
      expect(finding).toMatchObject({ rule: invariant.name, atMs: index * 10 });
      expect(structuredClone(finding)).toEqual(finding);
      return finding.message;
    }
  }
  const finding = invariant.finish?.();
  if (facts.length > 0)
    expect(bystander.observe({ type: 'unrelated' }, { atMs: 0, node: 'n1' })).toBeUndefined();
  return finding?.message;
}

describe('mutual exclusion', () => {
  const acquired = (holder: string, fence?: number, untilMs?: number): LockFact => ({
    type: 'lock-acquired',
    lock: 'l',
    holder,
    ...(fence === undefined ? {} : { fence }),
    ...(untilMs === undefined ? {} : { untilMs }),
  });
  const released = (holder: string): LockFact => ({ type: 'lock-released', lock: 'l', holder });
  const lost = (holder: string): LockFact => ({ type: 'lock-lost', lock: 'l', holder });
  const write = (fence: number, lock?: string): LockFact => ({
    type: 'fenced-write',
    resource: 'r',
    fence,
    ...(lock === undefined ? {} : { lock }),
  });

  test.each<[string, LockFact[], RegExp]>([
    [
      'two holders at once',
      [acquired('a', 1), acquired('b', 2)],
      /b acquired lock "l" with fence 2 while a held it/,
    ],
    ['a claim that has not ended yet', [acquired('a', 1, 11), acquired('b', 2)], /while a held it/],
    ['a release by somebody else', [acquired('a'), released('b'), acquired('c')], /c acquired .* while a/],
    ['one token for two', [acquired('a', 1), released('a'), acquired('b', 1)], /which a had been given/],
    ['a write that goes back', [write(2), write(1)], /fence 1 after one with fence 2/],
    [
      'a token that nobody was given',
      [acquired('a', 1), write(2, 'l')],
      /which nobody was given by lock "l"/,
    ],
  ])('catches %s', (_name, facts, message) => {
    expect(judge(mutualExclusion, facts)).toMatch(message);
  });

  test.each<[string, LockFact[]]>([
    ['one after the other', [acquired('a', 1), released('a'), acquired('b', 2), lost('b'), acquired('c', 3)]],
    ['a claim that ended by itself as the next began', [acquired('a', 1, 10), acquired('b', 2)]],
    ['a claim that is renewed', [acquired('a', 1, 10), acquired('a', 1, 50), lost('a'), acquired('b', 2)]],
    ['who learned late of a lower token', [acquired('b', 2, 5), acquired('a', 1, 15), acquired('c', 3)]],
    ['writes with the same token', [acquired('a', 1), write(1, 'l'), write(1, 'l')]],
    [
      'other locks and resources',
      [
        acquired('a', 1),
        { type: 'lock-acquired', lock: 'm', holder: 'b', fence: 1 },
        write(2),
        { type: 'fenced-write', resource: 's', fence: 1 },
      ],
    ],
  ])('accepts %s', (_name, facts) => {
    expect(judge(mutualExclusion, facts)).toBeUndefined();
  });

  test('a renewed claim ends when it says last, not first', () => {
    expect(judge(mutualExclusion, [acquired('a', 1, 5), acquired('a', 1, 50), acquired('b', 2)])).toMatch(
      /while a/,
    );
  });

  test('a lock that is not exclusive still has to fence', () => {
    const make = (): Invariant => mutualExclusion({ exclusive: false });
    expect(judge(make, [acquired('a', 1), acquired('b', 2), write(1), write(2)])).toBeUndefined();
    expect(judge(make, [acquired('a', 1), acquired('b', 2), write(2), write(1)])).toMatch(/fence 1 after/);
    expect(judge(make, [acquired('a', 1), acquired('b', 1)])).toMatch(/had been given/);
  });
});

describe('monotonic reads', () => {
  const read = (session: string, key: string, version: number): SessionRead => ({
    type: 'read',
    session,
    key,
    version,
  });

  test('catches a session that goes back', () => {
    expect(judge(monotonicReads, [read('s', 'k', 2), read('s', 'k', 1)])).toBe(
      'Session s read version 1 of "k" after version 2',
    );
  });

  test('accepts the same again, other sessions and other keys', () => {
    const facts = [
      read('s', 'k', 2),
      read('s', 'k', 2),
      read('t', 'k', 1),
      read('s', 'j', 1),
      read('s', 'k', 3),
    ];
    expect(judge(monotonicReads, facts)).toBeUndefined();
  });
});

describe('exactly once', () => {
  const accepted = (id: string): TaskAccepted => ({ type: 'accepted', id });
  const processed = (id: string): TaskProcessed => ({ type: 'processed', id });

  test('catches what is done twice, accepted or not', () => {
    expect(judge(exactlyOnce, [accepted('a'), processed('a'), processed('a')])).toMatch(
      /at 10 ms and at 20 ms/,
    );
    expect(judge(exactlyOnce, [processed('a'), processed('a')])).toMatch(/processed twice/);
  });

  test('catches what was accepted and is never done', () => {
    expect(judge(exactlyOnce, [accepted('a'), accepted('b'), processed('b')])).toBe(
      'Task a, accepted at 0 ms, was never processed',
    );
  });

  test('accepts a lost answer, an answer that comes late, and one that comes twice', () => {
    expect(judge(exactlyOnce, [processed('a')])).toBeUndefined();
    expect(judge(exactlyOnce, [processed('a'), accepted('a'), accepted('a')])).toBeUndefined();
  });
});

describe('bank totals', () => {
  const make = (): Invariant => bankTotals(10, { accounts: ['a', 'b'] });
  const snapshot = (balances: Record<string, number>): BankSnapshot => ({ type: 'balances', balances });

  test.each<[Record<string, number>, RegExp]>([
    [{ a: 5, b: 4 }, /has 9 in all instead of 10/],
    [{ a: 10 }, /lacks account "b"/],
    [{ a: 5, b: 4, c: 1 }, /account "c" that was never opened/],
    [{ a: 11, b: -1 }, /has -1 in account "b"/],
    [{ a: Number.NaN, b: 1 }, /has NaN in account "a"/],
  ])('catches %j', (balances, message) => {
    expect(judge(make, [snapshot({ a: 5, b: 5 }), snapshot(balances)])).toMatch(message);
  });

  test('accepts the total however it is spread, and an overdraft where it is allowed', () => {
    expect(judge(make, [snapshot({ a: 10, b: 0 }), snapshot({ a: 0, b: 10 })])).toBeUndefined();
    const overdraft = (): Invariant => bankTotals(10, { overdraft: true });
    expect(judge(overdraft, [snapshot({ a: 11, b: -1 })])).toBeUndefined();
  });

  test('takes the accounts of the first snapshot where none are named, also by number', () => {
    const make = (): Invariant => bankTotals(10);
    expect(
      judge(make, [
        { type: 'balances', balances: [5, 5] },
        { type: 'balances', balances: [10, 0] },
      ]),
    ).toBeUndefined();
    expect(
      judge(make, [
        { type: 'balances', balances: [5, 5] },
        { type: 'balances', balances: [10] },
      ]),
    ).toMatch(/lacks account "1"/);
  });

  test('refuses a total that cannot be summed exactly', () => {
    expect(() => bankTotals(0.1)).toThrow(RangeError);
  });
});

describe('crdt convergence', () => {
  const make = (): Invariant =>
    crdtConvergence<Record<string, number>, string>({
      replicas: ['x', 'y'],
      includes: (state, update) => Object.hasOwn(state, update),
    });
  const acknowledged = (update: string): AcknowledgedUpdate => ({
    type: 'acknowledged-update',
    id: update,
    update,
  });
  const state = (replica: string, state: Record<string, number>): ReplicaState => ({
    type: 'replica-state',
    replica,
    state,
  });

  test('catches replicas that differ, that lack an update, and that say nothing', () => {
    expect(judge(make, [state('x', { a: 1 }), state('y', {})])).toMatch(/x and y differ/);
    expect(judge(make, [acknowledged('a'), state('x', { b: 1 }), state('y', { b: 1 })])).toMatch(
      /x lacks update a/,
    );
    expect(judge(make, [acknowledged('a'), state('x', { a: 1 }), state('y', { b: 1 })])).toMatch(
      /y lacks update a/,
    );
    expect(judge(make, [state('x', {})])).toMatch(/y never said/);
    expect(() => crdtConvergence({ replicas: [], includes: () => true })).toThrow(TypeError);
  });

  test('accepts replicas that differed before, and updates that were never acknowledged', () => {
    const early = [state('x', {}), acknowledged('a'), state('y', { a: 1 })];
    expect(judge(make, [...early, state('x', { a: 1, b: 2 }), state('y', { b: 2, a: 1 })])).toBeUndefined();
  });
});

describe('no lost acknowledgement', () => {
  const acknowledged = (write: string): WriteAcknowledged => ({ type: 'write-acknowledged', write });
  const found = (...writes: string[]): WritesFound => ({ type: 'writes-found', writes });

  test('catches a write that is gone, also where an earlier look found it', () => {
    expect(judge(noLostAcknowledgement, [acknowledged('a'), found()])).toMatch(
      /Write a, acknowledged at 0 ms, is gone/,
    );
    expect(judge(noLostAcknowledgement, [acknowledged('a'), found('a'), found('b')])).toMatch(/Write a/);
    expect(judge(noLostAcknowledgement, [acknowledged('a')])).toMatch(/nobody looked/);
  });

  test('accepts writes that nobody acknowledged, there or not', () => {
    expect(judge(noLostAcknowledgement, [acknowledged('a'), found('a', 'b')])).toBeUndefined();
    expect(judge(noLostAcknowledgement, [])).toBeUndefined();
  });
});

describe('a finding about several', () => {
  test.each([
    [1, 'Write 0, acknowledged at 0 ms, is gone'],
    [2, 'Write 0, acknowledged at 0 ms, and 1 more are gone'],
    [4, 'Write 0, acknowledged at 0 ms, and 3 more are gone'],
  ])('of %d writes is a sentence', (count, sentence) => {
    const writes = Array.from({ length: count }, (_, index) => ({
      type: 'write-acknowledged',
      write: String(index),
    }));
    const message = judge(noLostAcknowledgement, [...writes, { type: 'writes-found', writes: [] }]);
    expect(message).toMatch(/^Write 0, acknowledged at \d+ ms,/);
    expect(message?.replace(/\d+ ms/, '0 ms')).toBe(sentence);
  });

  test('of tasks and of updates, too', () => {
    const tasks = ['a', 'b', 'c'].map(id => ({ type: 'accepted', id }));
    expect(judge(exactlyOnce, tasks)).toMatch(
      /^Task a, accepted at \d+ ms, and 2 more were never processed$/,
    );
    const updates = ['a', 'b'].map(id => ({ type: 'acknowledged-update', id, update: id }));
    const make = () => crdtConvergence<string[], string>({ replicas: ['x'], includes: () => false });
    const state = { type: 'replica-state', replica: 'x', state: [] };
    expect(judge(make, [...updates, state])).toBe(
      'Replica x lacks update a and 1 more, which were acknowledged',
    );
    expect(judge(make, [...updates.slice(1), state])).toBe(
      'Replica x lacks update b, which was acknowledged',
    );
  });
});
