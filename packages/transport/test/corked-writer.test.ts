import type { Socket } from 'node:net';
import { ManualClock } from '@quorate/core';
import { expect, test } from 'vitest';
import { BufferPool } from '../src/frame-cork.ts';
import { FrameDecoder } from '../src/frame-decoder.ts';
import { FrameKind } from '../src/frame.ts';
import { CorkedWriter } from '../src/host/corked-writer.ts';
import { FlushTurn } from '../src/host/flush-turn.ts';

/** What a writer needs of a socket: it takes all at once, or nothing until it is told. */
class FakeSocket {
  readonly writes: Uint8Array[] = [];
  writableLength = 0;
  takes = true;
  ended = false;
  #callbacks: (() => void)[] = [];

  write(chunk: Uint8Array, callback?: () => void): boolean {
    if (chunk.length > 0) this.writes.push(chunk.slice());
    if (!this.takes) this.writableLength += chunk.length;
    if (callback !== undefined) this.#callbacks.push(callback);
    return true;
  }

  cork(): void {}
  uncork(): void {}

  end(): void {
    this.ended = true;
  }

  /** The kernel has taken what it has been given, and has no room for more. */
  progress(): void {
    for (const callback of this.#callbacks.splice(0)) callback();
  }

  /** The kernel has room again. */
  drain(): void {
    this.takes = true;
    this.writableLength = 0;
    for (const callback of this.#callbacks.splice(0)) callback();
  }
}

function make(): {
  socket: FakeSocket;
  writer: CorkedWriter;
  turn: FlushTurn;
  clock: ManualClock;
  progress: number[];
} {
  const socket = new FakeSocket();
  const [turn, clock] = [new FlushTurn(), new ManualClock()];
  const progress: number[] = [];
  const pool = new BufferPool(1024, 4);
  const writer: CorkedWriter = new CorkedWriter(socket as unknown as Socket, pool, turn, clock, () =>
    progress.push(writer.queuedBytes),
  );
  return { socket, writer, turn, clock, progress };
}

function lengths(writes: readonly Uint8Array[]): number[] {
  const decoder = new FrameDecoder({ payloadMaxBytes: 1 << 20 });
  const found: number[] = [];
  for (const chunk of writes) {
    decoder.feed(chunk);
    while (decoder.next() === 'frame') found.push(decoder.payload.length);
  }
  expect(decoder.fault).toBeUndefined();
  return found;
}

const nextTick = (): Promise<void> => new Promise(resolve => process.nextTick(resolve));

test('what one callback sends leaves in one write', async () => {
  const { socket, writer } = make();
  for (let count = 0; count < 9; count++) writer.append(FrameKind.message, 0, new Uint8Array(50));
  expect(socket.writes).toHaveLength(0);
  expect(writer.queuedBytes).toBe(9 * 70);
  await nextTick();
  expect(socket.writes).toHaveLength(1);
  expect([writer.queuedBytes, lengths(socket.writes).length]).toEqual([0, 9]);
});

test('what is sent while a chunk is read leaves when the chunk is done', () => {
  const { socket, writer, turn } = make();
  turn.begin();
  for (let count = 0; count < 9; count++) writer.append(FrameKind.message, 0, new Uint8Array(50));
  expect(socket.writes).toHaveLength(0);
  turn.end();
  expect(socket.writes).toHaveLength(1);
});

test('what is much leaves at once', () => {
  const { socket, writer } = make();
  writer.append(FrameKind.message, 0, new Uint8Array(70_000));
  expect(lengths(socket.writes)).toEqual([70_000]);
});

test('much of one callback leaves in parts, the first of them early', async () => {
  const { socket, writer } = make();
  // Three times, as each callback begins anew.
  for (let callback = 0; callback < 3; callback++) {
    const collected: number[] = [];
    let before = 0;
    for (let count = 0; count < 1000; count++) {
      writer.append(FrameKind.message, 0, new Uint8Array(100));
      if (writer.queuedBytes === 0) collected.push(before + 120);
      before = writer.queuedBytes;
    }
    expect(collected).toEqual([16_440, 65_640]);
    await nextTick();
    expect(writer.queuedBytes).toBe(0);
  }
  expect(lengths(socket.writes)).toHaveLength(3000);
});

test('while the kernel takes nothing it collects, and then writes in order', async () => {
  const { socket, writer, clock, progress } = make();
  socket.takes = false;
  writer.append(FrameKind.message, 0, new Uint8Array(1));
  await nextTick();
  for (let size = 2; size < 200; size++) writer.append(FrameKind.message, 0, new Uint8Array(size));
  await nextTick();
  expect(socket.writes).toHaveLength(1);
  clock.advance(70);
  expect(writer.stalledMs(clock.monotonicMs())).toBe(70);
  socket.drain();
  expect(progress).toEqual([0]);
  expect(writer.stalledMs(clock.monotonicMs())).toBe(0);
  expect(lengths(socket.writes)).toEqual(Array.from({ length: 199 }, (_, index) => index + 1));
});

test('a long message leaves in parts, so that who takes it slowly is seen to take it', () => {
  const { socket, writer, clock } = make();
  socket.takes = false;
  writer.append(FrameKind.message, 0, new Uint8Array(1_000_000));
  writer.append(FrameKind.message, 0, new Uint8Array(7));
  const queued = [writer.queuedBytes];
  for (let part = 1; part <= 4; part++) {
    clock.advance(100);
    expect(writer.stalledMs(clock.monotonicMs())).toBe(100);
    socket.progress();
    queued.push(writer.queuedBytes);
  }
  expect(queued).toEqual([1_000_047, 737_903, 475_759, 213_615, 0]);
  expect(lengths(socket.writes)).toEqual([1_000_000, 7]);
});

test('its end waits for what was sent, and takes nothing more', async () => {
  const { socket, writer } = make();
  socket.takes = false;
  writer.append(FrameKind.message, 0, new Uint8Array(1));
  await nextTick();
  writer.append(FrameKind.goodbye, 0, new Uint8Array(2));
  writer.end();
  writer.append(FrameKind.message, 0, new Uint8Array(3));
  expect(socket.ended).toBe(false);
  socket.drain();
  expect([socket.ended, lengths(socket.writes)]).toEqual([true, [1, 2]]);
});

test('closed, it forgets what it has and writes nothing', async () => {
  const { socket, writer } = make();
  writer.append(FrameKind.message, 0, new Uint8Array(1));
  writer.close();
  writer.append(FrameKind.message, 0, new Uint8Array(1));
  await nextTick();
  expect([writer.queuedBytes, socket.writes.length]).toEqual([0, 0]);
});
