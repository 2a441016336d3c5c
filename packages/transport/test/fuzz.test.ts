import { type Random, seededRandom } from '@quorate/core';
import { expect, test } from 'vitest';
import { decodeEntries } from '../src/entry-codec.ts';
import { FrameDecoder } from '../src/frame-decoder.ts';
import { FrameKind } from '../src/frame.ts';
import { decodeHello, decodeRefusal } from '../src/hello.ts';
import { type SentFrame, encodeStream, mutate } from './mutate-frames.ts';

const runs = process.env['QUORATE_LONG'] === undefined ? 100_000 : 1_000_000;
const payloadMaxBytes = 1 << 18;

function frames(random: Random): SentFrame[] {
  return Array.from({ length: 1 + random.below(5) }, () => ({
    kind: random.below(4) === 0 ? FrameKind.heartbeat : FrameKind.message,
    group: random.below(3),
    payload: random.bytes(random.below(10) === 0 ? random.below(2000) : random.below(60)),
  }));
}

function same(decoder: FrameDecoder, frame: SentFrame | undefined): boolean {
  if (frame === undefined || decoder.kind !== frame.kind || decoder.group !== frame.group) return false;
  return Buffer.compare(decoder.payload, frame.payload) === 0;
}

test(`${runs} spoilt streams: nothing comes out that did not go in, at its place, and memory stays bounded`, {
  timeout: 900_000,
}, () => {
  const random = seededRandom('frames 1');
  const verdicts = { frame: 0, more: 0, violation: 0 };
  const faults = new Set<string>();
  const first = frames(random);
  let other = { sent: first, stream: encodeStream(first) };
  for (let run = 0; run < runs; run++) {
    const sent = frames(random);
    const stream = encodeStream(sent);
    const spoilt = mutate(random, stream, other.stream);
    const decoder = new FrameDecoder({ payloadMaxBytes });
    const drips = random.below(50) === 0;
    let given = 0;
    for (let at = 0; at < spoilt.length; ) {
      const size = drips ? 1 : 1 + random.below(random.below(2) === 0 ? 30 : spoilt.length);
      decoder.feed(spoilt.subarray(at, at + size));
      at += size;
      let verdict = decoder.next();
      for (; verdict === 'frame'; verdict = decoder.next()) {
        // A stream that continues as another at a frame's edge, at the same number, is that other from there on.
        const known = same(decoder, sent[given]) || same(decoder, other.sent[given]);
        if (!known) expect.fail(`run ${run}: frame ${given} was never sent`);
        given++;
        verdicts.frame++;
      }
      verdicts[verdict]++;
      if (decoder.bufferedBytes > 2 * at + 65_556)
        expect.fail(`run ${run}: ${decoder.bufferedBytes} bytes for ${at}`);
      if (verdict !== 'violation') continue;
      faults.add(decoder.fault ?? '');
      break;
    }
    other = { sent, stream };
  }
  // Everything that can be wrong was wrong at some time; else the streams are not spoilt enough.
  expect([...faults].sort()).toEqual(['header-checksum', 'length', 'payload-checksum', 'version']);
  for (const count of Object.values(verdicts)) expect(count).toBeGreaterThan(runs / 10);
});

test('other decoders refuse noise, and throw for none of it', () => {
  const random = seededRandom('noise 1');
  let batches = 0;
  for (let run = 0; run < runs / 4; run++) {
    const noise = random.bytes(random.below(120));
    if (random.below(2) === 0) noise.set([1, random.below(2), 0, 0].slice(0, noise.length));
    if (decodeEntries(noise).fault === undefined) batches++;
    decodeHello(noise);
    decodeRefusal(noise);
  }
  expect(batches).toBe(0);
});
