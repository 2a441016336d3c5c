import { type Committed, logIndex, term } from '@quorate/core';
import { mapBytesMax, ReplicatedMap } from '@quorate/node';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeAnswer,
  decodeCommand,
  decodeReply,
  encodeCommand,
  type MapCommand,
  type MapEntry,
  type MapReply,
} from '../../src/replica/map-command.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const put = (key: string, value: string): MapCommand => ({ kind: 'put', key, value: bytes(value) });

function committed(command: MapCommand, index: number): Committed {
  return { index: logIndex(index), term: term(1), leaderTimeMs: 0, command: encodeCommand(command) };
}

function apply(map: ReplicatedMap, command: MapCommand, index: number): MapReply {
  return decodeReply(map.apply([committed(command, index)])[0] ?? new Uint8Array(0));
}

function get(map: ReplicatedMap, key: string): MapEntry | undefined {
  const entry = decodeAnswer(map.query(bytes(key)));
  return entry === undefined ? undefined : { ...entry, value: new Uint8Array(entry.value) };
}

async function* inPieces(chunks: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Uint8Array> {
  const whole: Uint8Array[] = [];
  for await (const chunk of chunks) whole.push(chunk);
  const all = Buffer.concat(whole);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

describe('the replicated map', () => {
  test('gives each write the index of its entry as its version, also after a deletion', () => {
    const map = new ReplicatedMap(mapBytesMax);
    expect(apply(map, put('a', 'x'), 3)).toEqual({ outcome: 'created', version: 3 });
    expect(apply(map, put('a', 'y'), 4)).toEqual({ outcome: 'replaced', version: 4 });
    expect(get(map, 'a')).toEqual({ version: 4, value: bytes('y') });
    expect(apply(map, { kind: 'delete', key: 'a' }, 7)).toEqual({ outcome: 'deleted', version: 7 });
    expect(apply(map, { kind: 'delete', key: 'a' }, 8)).toEqual({ outcome: 'absent', version: 8 });
    expect(get(map, 'a')).toBeUndefined();
    expect(apply(map, put('a', ''), 9)).toEqual({ outcome: 'created', version: 9 });
    expect(get(map, 'a')).toEqual({ version: 9, value: bytes('') });
    expect(map.appliedIndex).toBe(9);
  });

  test('keeps a copy of what it is given', () => {
    const map = new ReplicatedMap(mapBytesMax);
    const command = Buffer.from(encodeCommand(put('a', 'x')));
    map.apply([{ index: logIndex(1), term: term(1), leaderTimeMs: 0, command }]);
    command.fill(0);
    expect(get(map, 'a')).toEqual({ version: 1, value: bytes('x') });
  });

  test('refuses by its reply what there is no room for, and takes it once there is', () => {
    const map = new ReplicatedMap(100);
    expect(apply(map, put('a', 'x'.repeat(60)), 1).outcome).toBe('created');
    expect(apply(map, put('b', 'x'.repeat(60)), 2).outcome).toBe('full');
    expect(get(map, 'b')).toBeUndefined();
    expect(apply(map, put('a', 'x'.repeat(67)), 3).outcome).toBe('replaced');
    expect(apply(map, put('a', 'x'.repeat(68)), 4).outcome).toBe('full');
    expect(get(map, 'a')?.version).toBe(3);
    apply(map, { kind: 'delete', key: 'a' }, 5);
    expect(apply(map, put('b', 'x'.repeat(60)), 6).outcome).toBe('created');
  });

  test('is restored from a snapshot that is cut anywhere, as it was when that was taken', async () => {
    const key = fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme' });
    const entries = fc.dictionary(key, fc.uint8Array({ maxLength: 40 }), { noNullPrototype: false });
    await fc.assert(
      fc.asyncProperty(entries, fc.integer({ min: 1, max: 50 }), async (values, size) => {
        const map = new ReplicatedMap(mapBytesMax);
        let index = 0;
        for (const [name, value] of Object.entries(values))
          apply(map, { kind: 'put', key: name, value }, ++index);
        await using snapshot = map.snapshot();
        apply(map, put('later', 'x'), ++index);
        const other = new ReplicatedMap(mapBytesMax);
        await other.restore(snapshot.index, inPieces(snapshot.chunks(), size));
        expect(other.appliedIndex).toBe(snapshot.index);
        expect(other.keyCount).toBe(Object.keys(values).length);
        for (const name of Object.keys(values))
          if (name !== 'later') expect(get(other, name)).toEqual(get(map, name));
      }),
      { numRuns: 100 },
    );
  });

  test('counts the room of what was restored', async () => {
    const map = new ReplicatedMap(100);
    apply(map, put('a', 'x'.repeat(60)), 1);
    await using snapshot = map.snapshot();
    const other = new ReplicatedMap(100);
    await other.restore(snapshot.index, snapshot.chunks());
    expect(apply(other, put('b', 'x'.repeat(60)), 2).outcome).toBe('full');
  });

  test.each([
    ['of another version', Uint8Array.of(9)],
    ['that is empty', new Uint8Array(0)],
    ['that is cut off', Uint8Array.of(1, 0, 1, 0, 0)],
  ])('keeps what it has when it is given a snapshot %s', async (_what, chunk) => {
    const map = new ReplicatedMap(mapBytesMax);
    apply(map, put('a', 'x'), 1);
    await expect(map.restore(logIndex(9), inPieces(chunksOf(chunk), 3))).rejects.toThrow(RangeError);
    expect(get(map, 'a')?.version).toBe(1);
    expect(map.appliedIndex).toBe(1);
  });

  test.each([
    ['another kind', Uint8Array.of(7, 0, 0)],
    ['a key that is cut off', Uint8Array.of(0, 0, 5, 97)],
    ['nothing', new Uint8Array(0)],
  ])('has no command for %s', (_what, command) => {
    expect(() => decodeCommand(command)).toThrow(RangeError);
  });
});

async function* chunksOf(chunk: Uint8Array): AsyncIterable<Uint8Array> {
  yield chunk;
}
