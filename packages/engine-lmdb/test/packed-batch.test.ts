import type { MessageId, NewMessage, Settlement } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packBatch, packResults, unpackBatch, unpackResults } from '../src/host/packed-batch.ts';
import type { WriterBatch, WriterResult } from '../src/host/writer-protocol.ts';
import type { QueueStep } from '../src/queue/queue-request.ts';

// Also what is not well formed, and names that objects have of their own.
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '__proto__', '\ud800', '\0'));
const headers = fc.dictionary(text, text, { noNullPrototype: true });
const lane = fc.nat(9);
const timeMs = fc.oneof(fc.nat(), fc.constantFrom(0.5, Number.MAX_SAFE_INTEGER));
const token = fc.bigInt({ min: 0n, max: 2n ** 70n });
const safe = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });

const put = fc.record({
  queue: text,
  message: fc.record(
    {
      body: fc.uint8Array(),
      id: text as fc.Arbitrary<MessageId>,
      rememberMs: timeMs,
      headers,
      lane,
      key: text,
      keyActiveMax: safe,
      readyAtMs: timeMs,
      delayMs: timeMs,
    },
    { requiredKeys: ['body'] },
  ) as fc.Arbitrary<NewMessage>,
});
const lease = fc.record({ queue: text, id: text, token }) as unknown as fc.Arbitrary<Settlement['lease']>;
const settlement = fc.record({
  lease,
  action: fc.oneof(
    fc.constant({ type: 'acknowledge' as const }),
    fc.record({ type: fc.constant('release' as const), delayMs: timeMs, headers, unstarted: fc.boolean() }),
    fc.record({ type: fc.constant('move' as const), queue: text, headers }),
  ),
  puts: fc.array(put, { maxLength: 2 }),
  state: fc.array(
    fc.record(
      {
        key: text,
        value: fc.option(fc.uint8Array(), { nil: undefined }),
        version: safe,
        expiresAtMs: timeMs,
      },
      { requiredKeys: ['key', 'value'] },
    ),
    { maxLength: 2 },
  ),
});
const message = fc.record(
  {
    id: text,
    body: fc.uint8Array(),
    headers,
    lane,
    key: text,
    token: safe.map(BigInt),
    deliveryCount: safe,
    attemptCount: fc.nat(),
    putAtMs: timeMs,
    leasedUntilMs: timeMs,
  },
  {
    requiredKeys: [
      'id',
      'body',
      'headers',
      'lane',
      'token',
      'deliveryCount',
      'attemptCount',
      'putAtMs',
      'leasedUntilMs',
    ],
  },
);
const settled = fc.constantFrom(
  { outcome: 'applied' },
  { outcome: 'not-applied', reason: 'lost' },
  { outcome: 'not-applied', reason: 'conflict' },
);

/** A step, and an answer to it. */
const asked: fc.Arbitrary<readonly [QueueStep, unknown]> = fc.oneof(
  fc.array(fc.tuple(put, fc.boolean(), text), { maxLength: 4 }).map(
    all =>
      [
        { do: 'put', puts: all.map(([each]) => each) },
        all.map(
          ([
            {
              message: { id },
            },
            duplicate,
            own,
          ]) =>
            id === undefined
              ? { outcome: 'applied', id: `~${own}`, duplicate: false }
              : { outcome: 'applied', id, duplicate },
        ),
      ] as const,
  ),
  fc
    .record({
      queue: text,
      lanes: fc.option(fc.array(lane), { nil: undefined }),
      messages: fc.array(message, { maxLength: 3 }),
      nextInMs: fc.option(timeMs, { nil: undefined }),
    })
    .map(
      ({ queue, lanes, messages, nextInMs }) =>
        [
          {
            do: 'lease',
            queue,
            query: { messagesMax: 5, leaseMs: 7, lanes, owner: 'o', startedMax: 1 },
            host: 'h',
          },
          {
            messages: messages.map(each => ({ ...each, queue })),
            ...(nextInMs === undefined ? {} : { nextInMs }),
          },
        ] as const,
    ),
  fc
    .tuple(fc.array(lease, { maxLength: 3 }), fc.array(settled))
    .map(([leases, all]) => [{ do: 'extend', leases, leaseMs: 5, started: true, host: 'h' }, all] as const),
  fc
    .tuple(fc.array(settlement, { maxLength: 3 }), fc.array(settled))
    .map(([settlements, all]) => [{ do: 'settle', settlements }, all] as const),
  // Not packed.
  fc.constant([{ do: 'listen', topic: 'Qq', host: 'h' }, undefined] as const),
  fc.constant([{ do: 'remove', queue: 'q', ids: [] }, [{ outcome: 'applied', removed: true }]] as const),
);

test('what threads are sent of queues is what was sent, in its order', () => {
  fc.assert(
    fc.property(fc.array(asked, { maxLength: 4 }), fc.boolean(), (all, isFailed) => {
      const batch: WriterBatch = all.map(([step]) => ({ type: 'queue', maxBytes: 9, step }));
      const { bytes, ...rest } = packBatch(batch);
      const sent = structuredClone({ ...rest, bytes }, { transfer: [bytes.buffer] });
      expect(normal(unpackBatch(sent))).toEqual(normal(batch));
      const thrown = { thrown: { name: 'E', message: 'm' } } as WriterResult;
      const results = all.map(
        ([, value], index): WriterResult => (isFailed && index === 0 ? thrown : { value }),
      );
      expect(unpackResults(batch, structuredClone(packResults(batch, results)))).toEqual(results);
    }),
  );
});

test('the body of a lease is no part of a larger buffer, which its receiver could keep or give away', () => {
  const step: QueueStep = {
    do: 'lease',
    queue: 'q',
    query: { messagesMax: 5, leaseMs: 7, lanes: undefined, owner: 'o', startedMax: 0 },
    host: 'h',
  };
  const batch: WriterBatch = [{ type: 'queue', maxBytes: 9, step }];
  const messages = ['one', 'two'].map(body => ({ body: Buffer.from(body), token: 1n }));
  const [result] = unpackResults(batch, packResults(batch, [{ value: { messages } }]));
  const { messages: leased } = (result as { value: { messages: { body: Uint8Array }[] } }).value;
  expect(leased.map(({ body }) => body.buffer.byteLength)).toEqual([3, 3]);
});

/** With everything absent that is undefined, empty or the default. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const own = Object.entries(value).filter(
    ([name, each]) => each !== undefined && !(name === 'headers' && Object.keys(each as object).length === 0),
  );
  // `fromEntries` defines, so that no name has a meaning of its own.
  return Object.fromEntries(own.map(([name, each]) => [name, name === 'headers' ? each : normal(each)]));
}
