import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Proxy, startProxy } from '../src/index.ts';

/** A server that sends back what it gets, and remembers it. */
let received = '';
let server: ReturnType<typeof createServer>;
let proxy: Proxy;
let sockets: Socket[] = [];

beforeEach(async () => {
  received = '';
  sockets = [];
  server = createServer(socket => {
    socket.on('error', () => {});
    socket.on('data', chunk => {
      received += chunk.toString();
      socket.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await startProxy({ port: (server.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await proxy[Symbol.asyncDispose]();
  server.close();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function heard(socket: Socket, bytes: number): Promise<string> {
  let text = '';
  while (text.length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  return text;
}

/** Settles when it is closed, whether or not by an error. */
function closed(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.on('error', () => {});
    socket.once('close', () => resolve());
  });
}

test('passes bytes on, both ways and in order, also more than fit its memory', async () => {
  const socket = await client();
  const sent = 'abcdefgh'.repeat(500_000);
  const answer = heard(socket, sent.length);
  socket.write(sent);
  expect((await answer) === sent).toBe(true);
  expect(proxy.bytesOf('toServer')).toBe(sent.length);
  expect(proxy.connectionCount).toBe(1);
  socket.end();
  await once(socket, 'close');
  expect(proxy.connectionCount).toBe(0);
});

test('cut, it resets what is open and what comes, until it is healed', async () => {
  const socket = await client();
  socket.write('a');
  await heard(socket, 1);
  const broken = once(socket, 'error');
  proxy.cut();
  expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' });

  const other = connect(proxy.port, '127.0.0.1');
  sockets.push(other);
  await closed(other);

  proxy.heal();
  const third = await client();
  third.write('b');
  expect(await heard(third, 1)).toBe('b');
});

test('muted towards the client, the server hears and is not heard; after a cut the answer is lost', async () => {
  const socket = await client();
  let text = '';
  socket.on('data', chunk => (text += chunk.toString()));
  proxy.mute('toClient');
  socket.write('a');
  await proxy.reaches('toClient', 0);
  expect(received).toBe('a');
  const end = closed(socket);
  proxy.cut();
  await end;
  expect(text).toBe('');
});

test('muted towards the server, what is sent arrives when it is healed', async () => {
  const socket = await client();
  proxy.mute('toServer');
  socket.write('ab');
  await proxy.reaches('toServer', 1);
  expect(received).toBe('');
  proxy.heal();
  expect(await heard(socket, 2)).toBe('ab');
});

test('one connection alone is muted', async () => {
  const [first, second] = [await client(), await client()];
  first.write('a');
  await heard(first, 1);
  second.write('b');
  await heard(second, 1);
  proxy.muteConnection(0);
  const sent = proxy.bytesOf('toServer');
  first.write('c');
  await proxy.reaches('toServer', sent);
  second.write('d');
  expect(await heard(second, 1)).toBe('d');
  expect(received).toBe('abd');
  proxy.heal();
  expect(await heard(first, 1)).toBe('c');
});

test('delayed, it is late, and healing ends the wait', async () => {
  const socket = await client();
  proxy.delay(3_600_000, 'toServer');
  socket.write('a');
  await proxy.reaches('toServer', 0);
  expect(received).toBe('');
  proxy.heal();
  expect(await heard(socket, 1)).toBe('a');

  proxy.delay(20);
  const sentMs = performance.now();
  socket.write('b');
  expect(await heard(socket, 1)).toBe('b');
  // A delay is a lower bound; two of 20 ms, less what timers are early by.
  expect(performance.now() - sentMs).toBeGreaterThan(36);
});

test('a client that ends takes the server along, and the other way round', async () => {
  const accepted = once(server, 'connection');
  const socket = await client();
  const [far] = (await accepted) as [Socket];
  const gone = once(far, 'close');
  socket.destroy();
  await gone;

  const again = once(server, 'connection');
  const other = await client();
  const [end] = (await again) as [Socket];
  const ended = closed(other);
  end.end('last');
  expect(await heard(other, 4)).toBe('last');
  await ended;
});
