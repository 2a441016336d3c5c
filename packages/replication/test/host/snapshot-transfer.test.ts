import { groupId, type LogIndex, ManualClock, nodeId, type Term } from '@quorate/core';
import { createInProcessNetwork } from '@quorate/transport';
import { expect, test } from 'vitest';
import { SnapshotTransfer } from '../../src/replica/snapshot-transfer.ts';
import { MessageWriter } from '../../src/wire/message-writer.ts';
import { settle } from './group.ts';
import { MemoryJournal } from './memory-journal.ts';

const metadata = { index: 5 as LogIndex, term: 1 as Term, membership: new Uint8Array(3) };

const group = groupId(0);

/** A transfer of these chunks to nobody who answers. */
function transferOf(chunks: AsyncIterable<Uint8Array>): SnapshotTransfer {
  const context = {
    clock: new ManualClock(),
    journal: new MemoryJournal(),
    group,
    transport: createInProcessNetwork().transport(nodeId('a')),
    messages: new MessageWriter(group, 1024),
    pieceBytes: 512,
    windowBytes: 2048,
    retryMs: 100,
    giveUpMs: 1000,
    mayLeave: () => true,
  };
  const to = { peer: nodeId('b'), term: 1 as Term, number: 7 };
  return new SnapshotTransfer(context, to, { metadata, chunks }, () => {});
}

test('a receipt for more than was sent opens no window', async () => {
  let readBytes = 0;
  const chunks = (async function* () {
    for (; readBytes < 1_000_000; readBytes += 1000) yield new Uint8Array(1000);
  })();
  const transfer = transferOf(chunks);
  transfer.pump();
  await settle();
  const receipt = { type: 'receipt' as const, term: 1 as Term, index: metadata.index, transfer: 7 };
  transfer.onReceipt({ ...receipt, received: 2 ** 50, refused: false, complete: false });
  await settle(50);
  expect(transfer.acknowledged).toBe(0);
  expect(readBytes).toBeLessThan(10_000);
  transfer.end(false);
});

test.each([false, true])(
  'a snapshot whose file cannot be let go ends nothing else (being read: %s)',
  async isRead => {
    let goOn = (): void => {};
    const chunks = (async function* () {
      try {
        yield new Uint8Array(5000);
        await new Promise<void>(resolve => (goOn = resolve));
        yield new Uint8Array(5000);
      } finally {
        await Promise.reject(new Error('The file cannot be closed'));
      }
    })();
    const transfer = transferOf(chunks);
    transfer.pump();
    // Whoever hears of it is the process: an error that nobody catches fails this test.
    if (isRead) transfer.end(false);
    await settle();
    goOn();
    transfer.end(false);
    await settle();
    expect(transfer.acknowledged).toBe(0);
  },
);
