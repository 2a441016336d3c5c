import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { errorCode, nodeId } from '@quorate/core';
import { expect, test } from 'vitest';
import { type TcpTransport, createTcpTransport } from '../src/tcp.ts';
import { Recorder } from './recorder.ts';
import { where } from './tcp-mesh.ts';

/** A node in another process, which is killed by its id at the end if it still lives. */
class Node implements AsyncDisposable {
  readonly child: ChildProcess;
  port = 0;

  private constructor(child: ChildProcess) {
    this.child = child;
  }

  static async start(self: string, port: number, peers: Record<string, string> = {}): Promise<Node> {
    const child = fork(
      join(import.meta.dirname, 'fixtures/tcp-echo.ts'),
      [JSON.stringify({ self, port, peers })],
      {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      },
    );
    const node = new Node(child);
    const [message] = (await once(child, 'message')) as [{ port: number }];
    node.port = message.port;
    return node;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Ends at once, or stops as if the machine had paused. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.child.pid as number, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

const b = nodeId('b');

async function open(address?: string): Promise<[TcpTransport, Recorder]> {
  const transport = createTcpTransport({
    self: 'a',
    listen: { host: '127.0.0.1', port: 0 },
    peers: { b: address },
    limits: { heartbeatMs: 20, silenceMs: 300, backoffMinMs: 5, backoffMaxMs: 50, queueMaxBytes: 32 << 20 },
  });
  const recorder = new Recorder();
  await transport.start(recorder);
  return [transport, recorder];
}

async function echo(transport: TcpTransport, recorder: Recorder): Promise<void> {
  await recorder.until(() => recorder.connected.has(b));
  const before = recorder.count;
  expect(transport.send(b, Uint8Array.of(1, 2, 3))).toBe('sent');
  await recorder.until(() => recorder.count > before);
}

test('a peer that is killed is gone at once, and found again when it is started on its port', async () => {
  await using first = await Node.start('b', 0, { a: '127.0.0.1:1' });
  const [transport, recorder] = await open(first.address);
  await using _ = transport;
  await echo(transport, recorder);
  const { port } = first;
  first.signal('SIGKILL');
  await recorder.until(() => recorder.disconnects.length === 1);
  expect(errorCode(recorder.disconnects[0]?.cause)).toBe('CONNECTION_LOST');
  expect(transport.send(b, Uint8Array.of(1))).toBe('disconnected');
  await using second = await Node.start('b', port, { a: '127.0.0.1:1' });
  expect(second.port).toBe(port);
  await echo(transport, recorder);
  expect(transport.status().peers[0]?.reconnectCount).toBe(1);
  expect(recorder.faults).toEqual([]);
});

test('a peer that is killed amid a stream hands over a beginning of it, in order', async () => {
  await using node = await Node.start('b', 0, { a: '127.0.0.1:1' });
  const [transport, recorder] = await open(node.address);
  await using _ = transport;
  await recorder.until(() => recorder.connected.has(b));
  let sent = 0;
  recorder.onEach = () => {
    if (recorder.count === 500) node.signal('SIGKILL');
  };
  while (
    transport.send(b, Uint8Array.of(sent & 255, sent >> 8, sent >> 16, ...new Array<number>(200).fill(7))) ===
    'sent'
  ) {
    if (++sent % 100 === 0) await new Promise(resolve => setImmediate(resolve));
  }
  await recorder.until(() => recorder.disconnects.length === 1);
  expect(recorder.messages.length).toBeGreaterThanOrEqual(500);
  for (const [index, { bytes }] of recorder.messages.entries()) {
    expect((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16)).toBe(index);
  }
});

test('a peer that stands still is given up, and taken back when it runs again', async () => {
  await using node = await Node.start('b', 0, { a: '127.0.0.1:1' });
  const [transport, recorder] = await open(node.address);
  await using _ = transport;
  await echo(transport, recorder);
  node.signal('SIGSTOP');
  await recorder.until(() => recorder.disconnects.length === 1);
  expect(errorCode(recorder.disconnects[0]?.cause)).toBe('PEER_SILENT');
  // Its kernel still accepts; nobody answers. The attempts to connect wait, and none of them counts as a connection.
  await new Promise<void>(resolve => {
    const look = (): void =>
      void (transport.status().peers[0]?.state === 'dialing' ? resolve() : setImmediate(look));
    look();
  });
  node.signal('SIGCONT');
  await echo(transport, recorder);
  expect(recorder.faults).toEqual([]);
});

test('two processes that dial each other at once end with one connection', async () => {
  const [transport, recorder] = await open();
  await using _ = transport;
  await using node = await Node.start('b', 0, { a: where(transport) as string });
  transport.addPeer(b, node.address);
  await recorder.until(() => recorder.connected.has(b));
  for (let round = 0; round < 5; round++) {
    const before = recorder.disconnects.length;
    transport.disconnect(b, new Error('To connect anew'));
    await recorder.until(() => recorder.disconnects.length > before);
    await recorder.until(() => recorder.connected.has(b));
  }
  await recorder.until(() => recorder.connected.has(b));
  expect(recorder.faults).toEqual([]);
  expect(transport.status().peers[0]?.state).toBe('connected');
});
