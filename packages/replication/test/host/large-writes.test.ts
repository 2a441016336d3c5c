import { groupId, type LogEntry, type LogIndex, type Term } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writePieces } from '../../src/replica/write-pieces.ts';
import { Group } from './group.ts';
import { bytes } from './tally-machine.ts';

test('more writes at once than the journal takes in one are stored in several, everywhere', async () => {
  await using group = await Group.start();
  const leader = await group.leader();
  const { recordMaxBytes } = leader.journal.capabilities;
  const pad = ' '.repeat(recordMaxBytes / 10);
  const writes = Array.from({ length: 45 }, () =>
    leader.replica.write(bytes(`add x 1${pad}`), { ack: 'all' }),
  );
  await group.settled(Promise.all(writes));
  await group.until(() => group.running.every(({ machine }) => machine.totals.get('x') === 45));
  expect(group.running).toHaveLength(3);
});

test('pieces of a write are the write, and after each of them stands what a shorter one would have left', () => {
  const shape = fc.record({
    lengths: fc.array(fc.nat(300), { maxLength: 30 }),
    first: fc.integer({ min: 2, max: 100 }),
    committed: fc.option(fc.nat(200), { nil: undefined }),
    truncates: fc.boolean(),
    bytesMax: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(shape, ({ lengths, first, committed, truncates, bytesMax }) => {
      const entries = lengths.map(
        (length, at): LogEntry => ({
          index: (first + at) as LogIndex,
          term: 3 as Term,
          kind: 0,
          payload: new Uint8Array(length),
        }),
      );
      const last = first + entries.length - 1;
      const hardState =
        committed === undefined
          ? undefined
          : { term: 3 as Term, votedFor: undefined, committed: Math.min(committed, last) as LogIndex };
      const truncateFrom = truncates ? (first as LogIndex) : undefined;
      const pieces = writePieces(groupId(7), { truncateFrom, entries, hardState }, bytesMax);
      expect(pieces.flatMap(piece => piece.entries ?? [])).toEqual(entries);
      expect(pieces.map(piece => piece.truncateFrom)).toEqual(
        pieces.map((_, at) => (at === 0 ? truncateFrom : undefined)),
      );
      expect(pieces.at(-1)?.hardState).toEqual(hardState);
      for (const piece of pieces) {
        const held = piece.entries ?? [];
        const size = held.reduce((sum, { payload }) => sum + payload.length, 0);
        if (held.length > 1) expect(size).toBeLessThanOrEqual(bytesMax);
        if (piece.hardState !== undefined && held.length > 0) {
          expect(piece.hardState.committed).toBeLessThanOrEqual(held.at(-1)?.index ?? 0);
        }
      }
    }),
  );
});
