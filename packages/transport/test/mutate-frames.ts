import { crc32, type Random } from '@quorate/core';
import { type FrameKind, frameHeaderBytes, putUint32, writeFrame } from '../src/frame.ts';

export interface SentFrame {
  readonly kind: FrameKind;
  readonly group: number;
  readonly payload: Uint8Array;
}

/** A stream of frames, and where each begins. */
export interface FrameStream {
  readonly bytes: Uint8Array;
  readonly starts: readonly number[];
}

export function encodeStream(frames: readonly SentFrame[]): FrameStream {
  const size = frames.reduce((sum, { payload }) => sum + frameHeaderBytes + payload.length, 0);
  const bytes = new Uint8Array(size);
  const starts: number[] = [];
  let at = 0;
  for (const [index, { kind, group, payload }] of frames.entries()) {
    starts.push(at);
    at = writeFrame(bytes, at, kind, group, payload, index);
  }
  return { bytes, starts };
}

/** Two places in order. */
function range(random: Random, length: number): [number, number] {
  const [one, other] = [random.below(length + 1), random.below(length + 1)];
  return one < other ? [one, other] : [other, one];
}

type Mutation = (random: Random, stream: FrameStream, other: FrameStream) => Uint8Array;

/** What can become of a stream on its way, or in the hands of somebody who knows the layout. */
const mutations: readonly Mutation[] = [
  function truncate(random, { bytes }) {
    return bytes.slice(0, random.below(bytes.length + 1));
  },
  function flipBits(random, { bytes }) {
    const altered = bytes.slice();
    for (let count = 1 + random.below(8); count > 0; count--) {
      const bit = random.below(bytes.length * 8);
      altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
    }
    return altered;
  },
  function splice(random, { bytes }, other) {
    const head = bytes.subarray(0, random.below(bytes.length + 1));
    return Buffer.concat([head, other.bytes.subarray(random.below(other.bytes.length + 1))]);
  },
  function misstateLength(random, stream) {
    const altered = stream.bytes.slice();
    putUint32(altered, stream.starts[random.below(stream.starts.length)] as number, random.uint32());
    return altered;
  },
  function misstateLengthWithRightChecksum(random, stream) {
    const altered = stream.bytes.slice();
    const frame = random.below(stream.starts.length);
    const at = stream.starts[frame] as number;
    const huge = [0x3fff_ffff, 0x7fff_ffff, 0xffff_ffff, 65_536, 1 << 20];
    const length = random.below(2) === 0 ? random.below(200) : (huge[random.below(huge.length)] as number);
    putUint32(altered, at, length);
    putUint32(altered, at + 16, crc32(altered, at, at + 16, frame));
    return altered;
  },
  function repeat(random, { bytes }) {
    const [from, to] = range(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function drop(random, { bytes }) {
    const [from, to] = range(random, bytes.length);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function insert(random, { bytes }) {
    const at = random.below(bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(60)), bytes.subarray(at)]);
  },
  function exchangeFrames(random, { bytes, starts }) {
    const [first, second] = range(random, starts.length - 1);
    const [from, middle] = [starts[first] as number, starts[second] as number];
    const end = starts[second + 1] ?? bytes.length;
    return Buffer.concat([
      bytes.subarray(0, from),
      bytes.subarray(middle, end),
      bytes.subarray(from, middle),
      bytes.subarray(end),
    ]);
  },
  function overwrite(random, { bytes }) {
    const altered = bytes.slice();
    const at = random.below(bytes.length);
    altered.set(random.bytes(1 + random.below(Math.min(60, bytes.length - at))), at);
    return altered;
  },
];

/** Spoils a stream in one way. */
export function mutate(random: Random, stream: FrameStream, other: FrameStream): Uint8Array {
  return (mutations[random.below(mutations.length)] as Mutation)(random, stream, other);
}
