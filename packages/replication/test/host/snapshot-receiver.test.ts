import {
  type GroupId,
  type LogIndex,
  ManualClock,
  type NodeId,
  type SnapshotMetadata,
  type Term,
} from '@quorate/core';
import { expect, test } from 'vitest';
import { SnapshotReceiver } from '../../src/replica/snapshot-receiver.ts';
import type { SnapshotPiece } from '../../src/wire/wire-format.ts';
import { settle } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';

const group = 0 as GroupId;
const leader = 'b' as NodeId;

function receiver(): {
  receiver: SnapshotReceiver;
  journal: MemoryJournal;
  asked: SnapshotMetadata[];
  told: number[];
} {
  const journal = new MemoryJournal();
  const asked: SnapshotMetadata[] = [];
  const told: number[] = [];
  const own = new SnapshotReceiver({
    clock: new ManualClock(),
    journal,
    group,
    giveUpMs: 1000,
    receiptBytes: 1000,
    queueMaxBytes: 20_000,
    wants: () => true,
    send: (_to, { received }) => void told.push(received),
    onComplete: (_from, _term, metadata) => {
      asked.push(metadata);
      return true;
    },
  });
  return { receiver: own, journal, asked, told };
}

function wholeSnapshot(transfer: number): SnapshotPiece {
  return {
    type: 'piece',
    term: 2 as Term,
    index: 7 as LogIndex,
    snapshotTerm: 1 as Term,
    membership: new Uint8Array(3),
    transfer,
    offset: 0,
    bytes: Uint8Array.of(1, 2, 3),
    last: true,
  };
}

test('it ends though the core has taken a snapshot that nobody finishes any more', async () => {
  const { receiver: own, journal, asked } = receiver();
  own.onPiece(leader, wholeSnapshot(1));
  expect(asked).toHaveLength(1);
  await own.end();
  expect(journal.recover(group).snapshot).toBeUndefined();
});

test('a core that starts anew is given the next snapshot', async () => {
  const { receiver: own, journal, asked } = receiver();
  own.onPiece(leader, wholeSnapshot(1));
  // It was taken, so that another has to wait for it.
  own.onPiece(leader, wholeSnapshot(2));
  expect(asked).toHaveLength(1);
  own.abandon();
  own.onPiece(leader, wholeSnapshot(3));
  expect(asked).toHaveLength(2);
  await own.finish(asked[1]!);
  expect(journal.recover(group).snapshot).toMatchObject({ index: 7, term: 1 });
  await own.end();
});

test('what a slow disk has not taken is bounded, however much is sent', async () => {
  const { receiver: own, journal, told } = receiver();
  journal.chunksMax = 0;
  const piece = { ...wholeSnapshot(1), bytes: new Uint8Array(1000), last: false };
  for (let number = 0; number < 1000; number++) own.onPiece(leader, { ...piece, offset: number * 1000 });
  journal.chunksMax = Number.POSITIVE_INFINITY;
  await settle(100);
  const taken = Math.max(...told);
  expect(taken).toBeLessThan(50_000);
  // The sender goes on from there.
  own.onPiece(leader, { ...piece, offset: taken });
  await settle(20);
  expect(Math.max(...told)).toBe(taken + 1000);
  await own.end();
});
