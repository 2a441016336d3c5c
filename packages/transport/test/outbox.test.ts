import { type SendResult, type Transport, groupId, nodeId } from '@quorate/core';
import { expect, test } from 'vitest';
import { Outbox } from '../src/requests/outbox.ts';

/** An outbox over a transport that answers as it is told. */
function openOutbox(maxBytes = 100): {
  readonly outbox: Outbox;
  readonly sent: number[];
  readonly cut: unknown[];
  answer: SendResult;
} {
  const sent: number[] = [];
  const cut: unknown[] = [];
  const transport = {
    send(_to: unknown, message: Uint8Array): SendResult {
      if (opened.answer === 'sent') sent.push(message[0] as number);
      return opened.answer;
    },
    disconnect: (_peer: unknown, cause: unknown) => void cut.push(cause),
  } as unknown as Transport;
  const outbox = new Outbox(transport, nodeId('peer'), groupId(0), maxBytes);
  const opened = { outbox, sent, cut, answer: 'sent' as SendResult };
  return opened;
}

test('what a full transport refuses leaves later, in order, copied, and before anything that is offered', async () => {
  const opened = openOutbox();
  const { outbox, sent } = opened;
  const taken: number[] = [];
  let room = 0;
  opened.answer = 'full';
  const frame = Uint8Array.of(1);
  outbox.post(frame, () => taken.push(1));
  frame[0] = 9;
  outbox.post(Uint8Array.of(2));
  outbox.onRoom(() => room++);
  opened.answer = 'sent';
  expect(outbox.offer(Uint8Array.of(3))).toBe('full');
  expect([sent, taken, room]).toEqual([[], [], 0]);
  outbox.drain();
  await Promise.resolve();
  expect([sent, taken, room]).toEqual([[1, 2], [1], 1]);
  expect(outbox.offer(Uint8Array.of(3))).toBe('sent');
  outbox.post(Uint8Array.of(4), () => taken.push(4));
  outbox.drain();
  expect([sent, taken, room]).toEqual([[1, 2, 3, 4], [1, 4], 1]);
});

test('a peer that takes nothing of what it is told costs its connection, but answers wait by the places of their calls', () => {
  const opened = openOutbox(100);
  const { outbox, cut } = opened;
  opened.answer = 'full';
  outbox.post(new Uint8Array(1000), () => {});
  outbox.post(new Uint8Array(60));
  expect(cut).toEqual([]);
  outbox.post(new Uint8Array(60));
  expect(cut).toMatchObject([{ code: 'PROTOCOL_VIOLATION' }]);
});

test('who waits for room again and again is told of it once', () => {
  const { outbox } = openOutbox();
  let room = 0;
  const listener = (): void => void room++;
  for (let time = 0; time < 1000; time++) outbox.onRoom(listener);
  outbox.drain();
  outbox.drain();
  expect(room).toBe(1);
});

test('nothing of a connection that has ended is sent over the next', () => {
  const opened = openOutbox();
  const { outbox, sent } = opened;
  opened.answer = 'full';
  outbox.post(Uint8Array.of(1));
  let room = 0;
  outbox.onRoom(() => room++);
  outbox.end();
  expect(room).toBe(1);
  opened.answer = 'sent';
  expect(outbox.offer(Uint8Array.of(2))).toBe('disconnected');
  outbox.post(Uint8Array.of(3));
  outbox.drain();
  expect(sent).toEqual([]);
});
