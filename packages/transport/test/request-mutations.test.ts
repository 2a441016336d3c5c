import { QuorateError, seededRandom } from '@quorate/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FrameEncoder,
  FrameType,
  type Method,
  readHeader,
  readRequest,
} from '../src/requests/request-frame.ts';
import { decodeFailure, encodeFailure } from '../src/requests/wire-failure.ts';
import { type Pair, bytesOf, openPair, server, textOf, turns } from './requests-fixture.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const id = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const method = fc.oneof(
  uint32,
  fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).filter(text => bytesOf(text).length <= 255),
);

test('a request is read as it was written', () => {
  const encoder = new FrameEncoder();
  fc.assert(
    fc.property(
      uint32,
      id,
      method,
      fc.uint8Array({ maxLength: 3000 }),
      fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 0xffff_fffe })),
      uint32,
      (session, number, name: Method, body, remainingMs, windowBytes) => {
        const frame = encoder.request(session, number, { method: name, body, remainingMs, windowBytes });
        const type = windowBytes === 0 ? FrameType.request : FrameType.open;
        expect(readHeader(frame)).toEqual({ type, answer: false, session, id: number });
        // Compared by their text: the encoder's buffers may come from another realm of the test runner.
        const read = readRequest(frame);
        if (typeof read === 'string') expect.fail(read);
        expect({ ...read, body: [...read.body] }).toEqual({
          method: name,
          body: [...body],
          remainingMs,
          windowBytes,
        });
      },
    ),
  );
});

test('an error is read as it was written, as far as its message may be long', () => {
  const outcome = fc.constantFrom('applied' as const, 'not-applied' as const, 'unknown' as const);
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Z][A-Z0-9_]{0,63}$/),
      fc.string({ maxLength: 300 }),
      fc.boolean(),
      outcome,
      (code, text, retryable, became) => {
        const read = decodeFailure(
          encodeFailure(new QuorateError(code, text, { retryable, outcome: became })),
        );
        expect(read).toMatchObject({ code, message: text.toWellFormed(), retryable, outcome: became });
      },
    ),
  );
});

test('any bytes are read or refused, and nothing throws', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      readHeader(bytes);
      readRequest(bytes);
      decodeFailure(bytes);
    }),
    { numRuns: 5000 },
  );
});

/** Real traffic, changed at random: every frame of an exchange, bit by bit, cut, lengthened, repeated. */
test('mutated frames cost at most their connection: nothing throws, nothing hangs, the next exchange works', async () => {
  const random = seededRandom('request mutations');
  await using pair = await openPair({ outboxMaxBytes: 100_000 });
  const { asking, answering } = pair;
  answering.handle('echo', ({ body }) => body);
  answering.handleStream('flow', async stream => {
    for await (const chunk of stream) await stream.write(chunk);
  });
  const frames = await recordFrames(pair);
  const rounds = process.env['QUORATE_LONG'] === undefined ? 600 : 60_000;
  for (let round = 0; round < rounds; round++) {
    const [from, to] = random.below(2) === 0 ? [asking, answering] : [answering, asking];
    for (let count = 20; count > 0; count--) {
      from.transport.send(to.transport.self, mutate(frames[random.below(frames.length)] as Uint8Array));
    }
    await turns(3);
    pair.clock.advance(1000);
    await pair.atClient.until(() => pair.atClient.connected.has(server));
    await pair.atServer.until(() => pair.atServer.connected.size > 0);
  }
  const broken = pair.atClient.disconnects.length;
  expect(broken).toBeGreaterThan(rounds / 10);
  for (const { cause } of pair.atClient.disconnects)
    expect(cause).toMatchObject({ code: 'PROTOCOL_VIOLATION' });
  // A forged id may have used up the ids of its connection, so the exchange is over another.
  asking.transport.disconnect?.(server, new Error('Anew'));
  await pair.atClient.until(
    () => pair.atClient.disconnects.length > broken && pair.atClient.connected.has(server),
  );
  const exchange = asking.request(server, 'echo', bytesOf('after all'));
  expect(textOf(await exchange)).toBe('after all');

  function mutate(frame: Uint8Array): Uint8Array {
    const changed = frame.slice(0, random.below(4) === 0 ? random.below(frame.length + 1) : frame.length);
    for (let bits = random.below(4); bits > 0 && changed.length > 0; bits--) {
      const at = random.below(changed.length);
      changed[at] = (changed[at] as number) ^ (1 << random.below(8));
    }
    return random.below(8) === 0 ? Uint8Array.from([...changed, ...random.bytes(random.below(9))]) : changed;
  }
});

/** Every frame of a request, a refusal and a stream with an end, both ways. */
async function recordFrames({ asking, answering }: Pair): Promise<Uint8Array[]> {
  const recorded: Uint8Array[] = [];
  const sends = [asking, answering].map(({ transport }) => {
    const send = transport.send.bind(transport);
    transport.send = (to, message, group) => {
      recorded.push(message.slice());
      return send(to, message, group);
    };
    return (): void => {
      transport.send = send;
    };
  });
  await asking.request(server, 'echo', bytesOf('body'), { deadlineMs: 500 });
  await asking.request(server, 'none').catch(() => {});
  const controller = new AbortController();
  const aborted = asking.request(server, 'echo', bytesOf('body'), { signal: controller.signal });
  controller.abort();
  await aborted.catch(() => {});
  const stream = await asking.openStream(server, 'flow');
  await stream.write(new Uint8Array(300_000));
  stream.end();
  while ((await stream.read()) !== undefined);
  (await asking.openStream(server, 'flow')).cancel();
  for (const restore of sends) restore();
  const small = recorded.filter(({ length }) => length < 200);
  expect(new Set(small.map(frame => (frame[1] as number) & 0x7f)).size).toBeGreaterThanOrEqual(9);
  return small;
}
