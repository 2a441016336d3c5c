import type { Term } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ChunkReader } from '../src/sessions/chunk-reader.ts';
import { ClientSession } from '../src/sessions/client-session.ts';
import { decodeSessions, encodeSessions } from '../src/sessions/session-snapshot.ts';
import { SessionTable, type SessionTableState } from '../src/sessions/session-table.ts';

type Step =
  | { readonly type: 'time'; readonly term: number; readonly elapsedMs: number }
  | { readonly type: 'open'; readonly ttlMs: number }
  | { readonly type: 'run'; readonly session: number; readonly sequence: number; readonly back: number }
  | { readonly type: 'close' | 'keep'; readonly session: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant('time' as const), term: fc.nat(3), elapsedMs: fc.nat(5000) }),
  fc.record({ type: fc.constant('open' as const), ttlMs: fc.integer({ min: 1000, max: 4000 }) }),
  fc.record({
    type: fc.constant('run' as const),
    session: fc.nat(8),
    sequence: fc.integer({ min: 1, max: 6 }),
    back: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ type: fc.constantFrom('close' as const, 'keep' as const), session: fc.nat(8) }),
);

/** What a step came to, and what the table is then. */
function take(table: SessionTable, at: number, what: Step): unknown {
  switch (what.type) {
    case 'time':
      table.advance(what.term as Term, what.elapsedMs, what.elapsedMs);
      return undefined;
    case 'open':
      table.open(at + 1, what.ttlMs);
      return undefined;
    case 'run': {
      const { session, sequence } = what;
      const verdict = table.begin(session, sequence, Math.max(0, sequence - what.back));
      if (verdict === 'fresh') table.reply(session, sequence, Uint8Array.of(session, sequence));
      return [verdict, table.replyOf(session, sequence)];
    }
    case 'close':
      return table.close(what.session);
    case 'keep':
      return table.keep(what.session);
    default:
      return undefined;
  }
}

async function copyOf(state: SessionTableState, cutBytes: number): Promise<SessionTableState | undefined> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const chunk of encodeSessions(state)) {
      for (let at = 0; at < chunk.length; at += cutBytes) yield chunk.subarray(at, at + cutBytes);
    }
    yield Uint8Array.of(42);
  }
  const reader = new ChunkReader(chunks());
  const copy = await decodeSessions(reader);
  // What the state machine wrote follows.
  expect(await reader.take(1)).toEqual(Uint8Array.of(42));
  expect(await reader.take(1)).toBeUndefined();
  return copy;
}

test('a table that went through a snapshot anywhere goes on like the one that did not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 60 }),
      fc.nat(60),
      fc.integer({ min: 1, max: 50 }),
      async (steps, where, cut) => {
        const whole = new SessionTable();
        let restored = new SessionTable();
        for (const [at, what] of steps.entries()) {
          if (at === where) restored = new SessionTable(await copyOf(restored.freeze(), cut));
          expect(take(restored, at, what)).toEqual(take(whole, at, what));
        }
        expect(restored.freeze()).toEqual(whole.freeze());
      },
    ),
  );
});

test('each operation is fresh once, and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 100 }), sequences => {
      const table = new SessionTable();
      table.open(1, 1000);
      const fresh = sequences.filter(sequence => table.begin(1, sequence, 0) === 'fresh');
      expect(fresh).toEqual(fresh.map((_, at) => at + 1));
    }),
  );
});

test('replies are kept until they are settled, and an operation that was is not applied again', () => {
  const table = new SessionTable();
  table.open(1, 1000);
  for (const sequence of [1, 2, 3]) {
    expect(table.begin(1, sequence, 0)).toBe('fresh');
    table.reply(1, sequence, Uint8Array.of(sequence));
  }
  expect(table.begin(1, 2, 0)).toBe('duplicate');
  expect(table.replyOf(1, 2)).toEqual(Uint8Array.of(2));
  expect(table.begin(1, 4, 2)).toBe('fresh');
  expect(table.begin(1, 2, 0)).toBe('settled');
  expect(table.begin(1, 3, 2)).toBe('duplicate');
  expect(table.begin(1, 6, 4)).toBe('gap');
  expect(table.begin(2, 1, 0)).toBe('gone');
});

test('a frozen state is not changed by what comes later', () => {
  const table = new SessionTable();
  table.open(1, 1000);
  table.begin(1, 1, 0);
  const frozen = table.freeze();
  const before = structuredClone(frozen);
  table.reply(1, 1, Uint8Array.of(1));
  table.begin(1, 2, 1);
  table.open(2, 1000);
  expect(frozen).toEqual(before);
});

test('time counts within a term alone, and a session ends when it has not been named for its time', () => {
  const table = new SessionTable();
  table.advance(1 as Term, 5, 100);
  table.open(1, 1000);
  table.advance(1 as Term, 1e12, 900);
  expect(table.get(1)).toBeDefined();
  table.advance(2 as Term, 5, 150);
  expect(table.clockMs).toBe(1050);
  expect(table.timeMs).toBe(1e12);
  table.advance(2 as Term, 5, 199);
  expect(table.get(1)).toBeDefined();
  table.advance(2 as Term, 5, 200);
  expect(table.get(1)).toBeUndefined();
});

test('bytes of another version are no sessions', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(100);
  }
  expect(await decodeSessions(new ChunkReader(chunks()))).toBeUndefined();
});

test('a client counts its operations, and gives a number back that was not used', () => {
  const session = new ClientSession(9, 1000);
  const [one, two, three] = [session.begin(), session.begin(), session.begin()];
  expect(three).toEqual({ session: 9, sequence: 3, settled: 0 });
  session.settle(two);
  expect(() => session.release(two)).toThrow(RangeError);
  session.release(three);
  expect(session.begin()).toEqual(three);
  session.settle(one);
  expect(session.begin()).toEqual({ session: 9, sequence: 4, settled: 2 });
});
