import { ManualClock, nodeId, type Outcome, QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';
import { CallBatcher } from '../src/client/call-batcher.ts';

const to = nodeId('a');
const answerTooLong = new QuorateError('RESPONSE_TOO_LARGE', 'Too long', { outcome: 'applied' });
const requestTooLong = new RangeError('Body must be at most 10 bytes: received 11');

/** Two calls of one turn to a replica that cannot take them, or answer them, together. */
async function together(outcome: Outcome, thrown: unknown) {
  const asked: string[] = [];
  const request = async (_to: unknown, method: string, body: Uint8Array): Promise<Uint8Array> => {
    asked.push(method);
    if (method === 'many') throw thrown;
    return body;
  };
  const clock = new ManualClock();
  const methods = { method: 'one', batchMethod: 'many' };
  const batcher = new CallBatcher({ requests: { request }, ...methods, deadlineMs: 1000, outcome, clock });
  const calls = [1, 2].map(async byte => [...(await batcher.send(to, Uint8Array.of(0, byte), 500))]);
  const told = ({ code, outcome }: QuorateError): string => `${code} ${outcome}`;
  const ends = await Promise.all(calls.map(call => call.catch(told)));
  expect(clock.timerCount).toBe(0);
  return { asked, ends };
}

test('reads whose answers are too long together are asked again one by one', async () => {
  const { asked, ends } = await together('not-applied', answerTooLong);
  expect(ends).toEqual([
    [0, 1],
    [0, 2],
  ]);
  expect(asked).toEqual(['many', 'one', 'one']);
});

test('writes whose answers are too long together are not sent again, and nobody knows of any what became of it', async () => {
  const { asked, ends } = await together('unknown', answerTooLong);
  expect(ends).toEqual(['RESPONSE_TOO_LARGE unknown', 'RESPONSE_TOO_LARGE unknown']);
  expect(asked).toEqual(['many']);
});

test.each(['unknown', 'not-applied'] as const)(
  'calls that do not fit into one request are sent one by one (%s)',
  async outcome => {
    const { asked, ends } = await together(outcome, requestTooLong);
    expect(ends).toEqual([
      [0, 1],
      [0, 2],
    ]);
    expect(asked).toEqual(['many', 'one', 'one']);
  },
);

test('any other failure is that of each', async () => {
  const error = new QuorateError('CONNECTION_LOST', 'It broke', { outcome: 'unknown' });
  const { asked, ends } = await together('not-applied', error);
  expect(ends).toEqual(['CONNECTION_LOST unknown', 'CONNECTION_LOST unknown']);
  expect(asked).toEqual(['many']);
});
