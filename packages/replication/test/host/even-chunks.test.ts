import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evenChunks } from '../../src/replica/even-chunks.ts';
import { Group } from './group.ts';
import { bytes } from './tally-machine.ts';

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

test('chunks are made even, and their bytes stay the same', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 30 }), async (uneven, byteCount) => {
      const even: Uint8Array[] = [];
      for await (const chunk of evenChunks(each(uneven), byteCount)) even.push(chunk);
      expect(Buffer.concat(even)).toEqual(Buffer.concat(uneven));
      for (const chunk of even.slice(0, -1)) expect(chunk.length).toBe(byteCount);
      expect(even.at(-1)?.length ?? 1).toBeGreaterThan(0);
    }),
  );
});

test('a source that is no longer wanted is let go', async () => {
  let isEnded = false;
  const endless = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(3);
    } finally {
      isEnded = true;
    }
  };
  for await (const chunk of evenChunks(endless(), 10)) {
    expect(chunk.length).toBe(10);
    break;
  }
  expect(isEnded).toBe(true);
});

test('a journal is given a snapshot in a few chunks, however small those of the state machine are', async () => {
  await using group = await Group.start(['a']);
  const { replica, journal, machine } = await group.leader();
  for (let at = 0; at < 50; at++) await group.settled(replica.write(bytes(`add key-${at} 1`)));
  let chunkCount = 0;
  const snapshot = machine.snapshot.bind(machine);
  machine.snapshot = () => {
    const state = snapshot();
    return {
      ...state,
      async *chunks() {
        for await (const chunk of state.chunks()) {
          for (let at = 0; at < chunk.length; at += 5, chunkCount++) yield chunk.subarray(at, at + 5);
        }
      },
      [Symbol.asyncDispose]: async () => state[Symbol.asyncDispose](),
    };
  };
  await group.settled(replica.snapshot());
  expect(chunkCount).toBeGreaterThan(50);
  expect(journal.state.snapshot?.chunks).toHaveLength(1);
});
