import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Random, nodeId, seededRandom } from '@quorate/core';
import { expect, test } from 'vitest';
import { FrameKind } from '../src/frame.ts';
import { encodeHello } from '../src/hello.ts';
import { createTcpTransport } from '../src/tcp.ts';
import { fuzzMessage } from './fuzz-message.ts';
import { type FrameStream, encodeStream, mutate } from './mutate-frames.ts';
import { Recorder } from './recorder.ts';

const attempts = process.env['QUORATE_LONG'] === undefined ? 400 : 10_000;

interface Report {
  /** Of the event loop: the 99th percentile, the longest, and the most processor time between two turns. */
  readonly delayMs: readonly number[];
  readonly taken: number;
  readonly wrong: readonly string[];
  readonly memoryBytes: number;
}

/** A whole conversation of a peer that does all right. */
function conversation(attempt: number, random: Random): FrameStream {
  const hello = encodeHello({
    protocol: 1,
    messageMaxBytes: 1 << 18,
    silenceMs: 60_000,
    incarnation: attempt.toString(16).padStart(32, '0'),
    cluster: 'default',
    node: nodeId('mallory'),
  });
  const messages = Array.from({ length: random.below(12) }, (_, index) => ({
    kind: FrameKind.message,
    group: 0,
    payload: fuzzMessage(attempt, index),
  }));
  return encodeStream([
    { kind: FrameKind.hello, group: 0, payload: hello },
    { kind: FrameKind.ready, group: 0, payload: new Uint8Array(0) },
    ...messages,
  ]);
}

/** Sends bytes in pieces, some of them one by one, then hangs up in one of several ways. */
async function attack(port: number, bytes: Uint8Array, random: Random): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  socket.on('error', () => {}).resume();
  await new Promise<void>(resolve => socket.once('connect', resolve).once('close', () => resolve()));
  const drips = random.below(20) === 0;
  for (let at = 0; at < bytes.length && !socket.destroyed; ) {
    const size = drips && at < 300 ? 1 : 1 + random.below(bytes.length);
    socket.write(bytes.subarray(at, at + size));
    at += size;
    await new Promise(resolve => setImmediate(resolve));
  }
  if (random.below(3) === 0) socket.resetAndDestroy();
  else socket.end();
  await closed;
}

function words({ delayMs }: Report): string {
  return delayMs.map(value => value.toFixed(1)).join(', ');
}

async function report(server: ChildProcess): Promise<Report> {
  server.send('measure');
  const [message] = (await once(server, 'message')) as [Report];
  return message;
}

test(`${attempts} spoilt conversations with a live server: it lives, hands over nothing wrong, and serves its honest peer`, {
  timeout: 900_000,
}, async ctx => {
  const server = fork(join(import.meta.dirname, 'fixtures/fuzz-server.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exit = once(server, 'exit') as Promise<[number | null, string | null]>;
  const [{ port }] = (await once(server, 'message')) as [{ port: number }];
  await using honest = createTcpTransport({
    self: 'honest',
    peers: { server: `127.0.0.1:${port}` },
    limits: { messageMaxBytes: 1 << 18 },
  });
  const recorder = new Recorder();
  await honest.start(recorder);
  const to = nodeId('server');
  await recorder.until(() => recorder.connected.has(to));
  const echo = async (): Promise<void> => {
    const before = recorder.count;
    expect(honest.send(to, Uint8Array.of(1, 2, 3))).toBe('sent');
    await recorder.until(() => recorder.count > before);
  };
  await report(server);
  for (let count = 0; count < attempts; count++) await echo();
  const control = await report(server);

  const random = seededRandom('sockets 1');
  let other = conversation(0, random);
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const stream = conversation(attempt, random);
    const bytes = random.below(10) === 0 ? stream.bytes : mutate(random, stream, other);
    await attack(port, bytes, random);
    other = stream;
    if (attempt % 20 === 0) await echo();
  }
  await echo();
  const attacked = await report(server);
  expect(attacked.wrong).toEqual([]);
  expect(attacked.taken).toBeGreaterThan(attempts / 2);
  expect(attacked.memoryBytes).toBeLessThan(64 << 20);
  expect(recorder.disconnects).toEqual([]);
  await ctx.annotate(
    `Event loop of the server in ms (p99 of its delay, longest, busiest turn): ${words(attacked)} under attack, ${words(control)} before`,
  );
  server.send('end');
  expect(await exit).toEqual([0, null]);
});
