import { nodeId, QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';
import { AnswerBatch, type BatchKind } from '../src/client/answer-batch.ts';
import { answerFailed, decodeBatch, decodeError } from '../src/client/batch-codec.ts';
import { answerNotLeader, decodeNotLeader } from '../src/client/call-codec.ts';
import { NotLeaderError } from '../src/replica/replica-error.ts';
import type { Replica } from '../src/replica/replica.ts';

type Reply = Uint8Array | Error | Promise<Uint8Array>;

/** A batch of one byte each, of which `reply` says what comes of it. */
function batchOf(count: number, reply: (number: number) => Reply) {
  const asked: number[] = [];
  const kind: BatchKind<Uint8Array> = {
    ask(_replica, [number = -1]) {
      asked.push(number);
      const given = reply(number);
      // An odd one is thrown at the call, an even one later.
      if (!(given instanceof Error)) return Promise.resolve(given);
      if (number % 2 === 1) throw given;
      return Promise.reject(given);
    },
    byteCount: answer => 1 + answer.length,
    write: (target, at, answer) => target.set(answer, at + 1),
  };
  const items = Array.from({ length: count }, (_, number) => Uint8Array.of(number));
  return { asked, batch: new AnswerBatch(kind, {} as Replica, items) };
}

const answersOf = (batch: AnswerBatch<Uint8Array>): readonly Uint8Array[] =>
  decodeBatch(batch.encode()) ?? [];

test('each call has its own answer in its own place, whenever it comes', async () => {
  const ends: (() => void)[] = [];
  const { batch } = batchOf(
    3,
    number => new Promise(resolve => ends.push(() => resolve(Uint8Array.of(number, 7)))),
  );
  const done = batch.ask({});
  for (const end of ends.toReversed()) end();
  expect(await done).toBe(true);
  expect(answersOf(batch).map(answer => [...answer])).toEqual([0, 1, 2].map(number => [0, number, 7]));
});

test('what fails is told for itself, thrown or rejected, and so is who leads', async () => {
  const failure = new QuorateError('OVERLOADED', 'Too much', { outcome: 'not-applied', retryable: true });
  const replies: readonly Reply[] = [
    failure,
    failure,
    new NotLeaderError(nodeId('a'), nodeId('b')),
    Uint8Array.of(5),
  ];
  const { batch } = batchOf(4, number => replies[number] as Reply);
  expect(await batch.ask({})).toBe(true);
  const [first, second, third, last] = answersOf(batch) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  for (const answer of [first, second]) {
    expect(answer[0]).toBe(answerFailed);
    expect(decodeError(answer)).toMatchObject({
      code: 'OVERLOADED',
      outcome: 'not-applied',
      retryable: true,
    });
  }
  expect(third[0]).toBe(answerNotLeader);
  expect(decodeNotLeader(third)).toBe('b');
  expect([...last]).toEqual([0, 5]);
});

test('where nobody leads only those are asked for again that were not answered', async () => {
  let leads = false;
  const { asked, batch } = batchOf(4, number =>
    leads || number === 2 ? Uint8Array.of(number) : new NotLeaderError(nodeId('a'), undefined),
  );
  expect(await batch.ask({})).toBe(false);
  expect(answersOf(batch).map(answer => [...answer])).toEqual([[1], [1], [0, 2], [1]]);
  leads = true;
  expect(await batch.ask({})).toBe(true);
  expect(asked).toEqual([0, 1, 2, 3, 0, 1, 3]);
  expect(answersOf(batch).map(answer => [...answer])).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
});

test('no calls are answered at once', async () => {
  const { batch } = batchOf(0, () => new Error('never asked'));
  expect(await batch.ask({})).toBe(true);
  expect(answersOf(batch)).toEqual([]);
});
