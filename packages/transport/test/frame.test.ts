import { crc32 } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BufferPool, FrameCork } from '../src/frame-cork.ts';
import { FrameDecoder, type FrameFault } from '../src/frame-decoder.ts';
import { FrameKind, frameHeaderBytes, writeFrame } from '../src/frame.ts';

interface Frame {
  readonly kind: FrameKind;
  readonly group: number;
  readonly payload: Uint8Array;
}

function encode(frames: readonly Frame[]): Uint8Array {
  const bytes = new Uint8Array(
    frames.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, 0),
  );
  let at = 0;
  for (const [index, { kind, group, payload }] of frames.entries())
    at = writeFrame(bytes, at, kind, group, payload, index);
  return bytes;
}

function decode(chunks: readonly Uint8Array[], payloadMaxBytes = 1 << 20): [Frame[], FrameFault | undefined] {
  const decoder = new FrameDecoder({ payloadMaxBytes });
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    decoder.feed(chunk);
    for (let verdict = decoder.next(); verdict !== 'more'; verdict = decoder.next()) {
      if (verdict === 'violation') return [frames, decoder.fault];
      const { kind, group, payload } = decoder;
      frames.push({ kind: kind as FrameKind, group, payload: payload.slice() });
    }
  }
  return [frames, undefined];
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

const arbitraryFrame = fc.record({
  kind: fc.integer({ min: 1, max: 7 }) as fc.Arbitrary<FrameKind>,
  group: fc.integer({ min: 0, max: 0xffff_ffff }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

/** Cuts bytes at the given places, each taken modulo the length. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map(place => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

const message = (text: string, group = 0): Frame => ({
  kind: FrameKind.message,
  group,
  payload: Buffer.from(text),
});

describe('the layout', () => {
  test('of version 1 does not change', () => {
    expect(
      hex(encode([message('hello', 7), { kind: FrameKind.heartbeat, group: 0, payload: new Uint8Array(0) }])),
    ).toBe('05000000010500000700000086a610368a306ae668656c6c6f00000000010600000000000000000000e85cc331');
  });
});

describe('the decoder', () => {
  test('gives what was encoded, wherever the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryFrame, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (frames, places) => {
          const [decoded, fault] = decode(cut(encode(frames), places));
          expect(fault).toBeUndefined();
          expect(decoded.map(({ payload, ...rest }) => ({ ...rest, payload: hex(payload) }))).toEqual(
            frames.map(({ payload, ...rest }) => ({ ...rest, payload: hex(payload) })),
          );
        },
      ),
    );
  });

  test('gives what was encoded, byte by byte', () => {
    const frames = [message('one'), message(''), message('x'.repeat(70_000), 9)];
    const bytes = encode(frames);
    const [decoded] = decode([...bytes].map(byte => Uint8Array.of(byte)));
    expect(decoded.map(({ payload }) => payload.length)).toEqual([3, 0, 70_000]);
  });

  test('copies nothing of a frame that lies within one chunk', () => {
    const bytes = encode([message('one'), message('two')]);
    const decoder = new FrameDecoder({ payloadMaxBytes: 10 });
    decoder.feed(bytes);
    expect(decoder.next()).toBe('frame');
    expect(decoder.payload.buffer).toBe(bytes.buffer);
    expect(decoder.bufferedBytes).toBe(0);
  });

  test('never believes a length: memory follows what has arrived', () => {
    const decoder = new FrameDecoder({ payloadMaxBytes: 1 << 29 });
    const whole = encode([message('x'.repeat(1 << 20))]);
    // A header that announces half a GiB, and is right in all else.
    const header = whole.slice(0, frameHeaderBytes);
    new DataView(header.buffer).setUint32(0, 1 << 29, true);
    new DataView(header.buffer).setUint32(16, crc32(header, 0, 16, 0), true);
    decoder.feed(header);
    expect(decoder.next()).toBe('more');
    for (let sent = 0; sent < 1 << 20; sent += 8192) {
      decoder.feed(new Uint8Array(8192));
      expect(decoder.next()).toBe('more');
      expect(decoder.bufferedBytes).toBeLessThanOrEqual(2 * (sent + 8192 + 20) + 65_536);
    }
  });

  test('lets a large buffer go when its frame is done', () => {
    const decoder = new FrameDecoder({ payloadMaxBytes: 1 << 21 });
    const bytes = encode([message('x'.repeat(1 << 20)), message('y')]);
    decoder.feed(bytes.subarray(0, 100_000));
    expect(decoder.next()).toBe('more');
    decoder.feed(bytes.subarray(100_000));
    expect([decoder.next(), decoder.payload.length]).toEqual(['frame', 1 << 20]);
    expect([decoder.next(), decoder.payload.length]).toEqual(['frame', 1]);
    expect(decoder.bufferedBytes).toBe(0);
  });

  test.each<[string, FrameFault, (bytes: Uint8Array) => Uint8Array]>([
    ['another version', 'version', bytes => bytes.with(4, 2)],
    ['an unknown kind', 'kind', bytes => reseal(bytes.with(5, 8))],
    ['kind 0', 'kind', bytes => reseal(bytes.with(5, 0))],
    ['unknown flags', 'flags', bytes => reseal(bytes.with(7, 1))],
    ['a length above the limit', 'length', bytes => reseal(bytes.with(2, 1))],
    ['an altered length', 'header-checksum', bytes => bytes.with(0, 4)],
    ['an altered group', 'header-checksum', bytes => bytes.with(8, 1)],
    ['an altered payload', 'payload-checksum', bytes => bytes.with(22, 0)],
  ])('refuses %s', (_name, fault, alter) => {
    expect(decode([alter(encode([message('hello')]))], 1000)).toEqual([[], fault]);
    expect(
      decode(
        [...alter(encode([message('hello')]))].map(byte => Uint8Array.of(byte)),
        1000,
      ),
    ).toEqual([[], fault]);
  });

  test('refuses frames that were dropped, repeated or exchanged as a whole', () => {
    const [a, b, c] = [message('aa'), message('bb'), message('cc')];
    const size = frameHeaderBytes + 2;
    const bytes = encode([a, b, c]);
    const [first, second, third] = [0, 1, 2].map(index => bytes.slice(index * size, (index + 1) * size)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(decode([first, third])[1]).toBe('header-checksum');
    expect(decode([first, first])[1]).toBe('header-checksum');
    expect(decode([first, third, second])[0]).toHaveLength(1);
    expect(decode([second])).toEqual([[], 'header-checksum']);
  });

  test('refuses every flipped bit', () => {
    const bytes = encode([message('some words', 3)]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = bytes.slice();
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
      const [frames, fault] = decode([altered]);
      expect([frames.length, fault === undefined]).toEqual([0, false]);
    }
  });

  test('stays broken', () => {
    const decoder = new FrameDecoder({ payloadMaxBytes: 10 });
    decoder.feed(new Uint8Array(20));
    expect(decoder.next()).toBe('violation');
    decoder.feed(encode([message('hello')]));
    expect(decoder.next()).toBe('violation');
    expect(decoder.describeFault()).toBe('frame 0: version 0, not 1');
  });

  test('its limit is checked', () => {
    expect(() => new FrameDecoder({ payloadMaxBytes: -1 })).toThrow(RangeError);
    expect(() => new FrameDecoder({ payloadMaxBytes: 2 ** 31 })).toThrow('received 2147483648');
  });
});

describe('the cork', () => {
  test('collects in order, whatever the sizes and however it is taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ size: fc.nat(400), take: fc.boolean() }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 1000 }),
        (steps, takeMax) => {
          const cork = new FrameCork(new BufferPool(256, 2));
          const decoder = new FrameDecoder({ payloadMaxBytes: 1000 });
          const sizes: number[] = [];
          const drain = (): void => {
            const before = cork.collectedBytes;
            const batch = cork.take(takeMax);
            const bytes = batch.reduce((sum, part) => sum + part.length, 0);
            expect([cork.outBytes, cork.collectedBytes]).toEqual([bytes, before - bytes]);
            expect(bytes > 0).toBe(before > 0);
            expect(bytes).toBeLessThanOrEqual(takeMax);
            for (const part of batch) {
              decoder.feed(part.slice());
              while (decoder.next() === 'frame') sizes.push(decoder.payload.length);
            }
            cork.release();
          };
          for (const { size, take } of steps) {
            cork.append(FrameKind.message, 0, new Uint8Array(size).fill(size));
            if (take) drain();
          }
          while (cork.collectedBytes > 0) drain();
          expect(decoder.fault).toBeUndefined();
          expect(sizes).toEqual(steps.map(({ size }) => size));
        },
      ),
    );
  });

  test('hands nothing out twice: while a batch is out there is no other', () => {
    const cork = new FrameCork(new BufferPool(256, 2));
    cork.append(FrameKind.message, 0, new Uint8Array(10));
    const [first] = cork.take(1000);
    cork.append(FrameKind.message, 0, new Uint8Array(10));
    expect(cork.take(1000)).toEqual([]);
    const before = hex(first as Uint8Array);
    cork.append(FrameKind.message, 0, new Uint8Array(230).fill(9));
    expect(hex(first as Uint8Array)).toBe(before);
    cork.release();
    expect(cork.take(1000)).toHaveLength(2);
  });

  test('uses the same buffers again', () => {
    const pool = new BufferPool(256, 2);
    const cork = new FrameCork(pool);
    const buffers = new Set<ArrayBufferLike>();
    for (let round = 0; round < 100; round++) {
      cork.append(FrameKind.message, 0, new Uint8Array(10));
      for (const { buffer } of cork.take(1000)) buffers.add(buffer);
      cork.release();
    }
    expect(buffers.size).toBe(1);
  });
});

/** Makes the header's checksum right again. */
function reseal(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(16, crc32(bytes, 0, 16, 0), true);
  return bytes;
}
