// Run by the pack check on Node 22, 24 and 26, against the packed package in a project of its own.
// The same file is the worker's module, so that the check has one file to copy.
import assert from 'node:assert/strict';
import { isMainThread, workerData, Worker } from 'node:worker_threads';
import { createInProcessNetwork, createRequests } from '@quorate/transport';
import { createClusterAuthority, createTcpTransport } from '@quorate/transport/tcp';
import { attachSharedTransport, createSharedNetwork } from '@quorate/transport/shared';

if (isMainThread) {
  await requests();
  await sharedMemory();
  await mutualTls();
} else {
  const transport = attachSharedTransport(workerData, 'echo', { blocking: true });
  await transport.start({ onMessage: (from, message, group) => void transport.send(from, message, group) });
  for (;;) transport.receive();
}

async function requests() {
  const network = createInProcessNetwork();
  const [asking, answering] = ['a', 'b'].map(name => createRequests(network.transport(name)));
  answering.handle('double', ({ body }) => Uint8Array.of(body[0] * 2));
  answering.handleStream('echo', async stream => {
    for await (const chunk of stream) await stream.write(chunk);
  });
  const connected = new Promise(resolve => {
    void asking.start({ onMessage() {}, onConnect: resolve });
  });
  await answering.start();
  await connected;
  assert.deepEqual([...(await asking.request('b', 'double', Uint8Array.of(21), { deadlineMs: 5000 }))], [42]);
  await assert.rejects(asking.request('b', 'none'), { code: 'UNKNOWN_METHOD', outcome: 'not-applied' });
  const stream = await asking.openStream('b', 'echo');
  await stream.write(Uint8Array.of(1, 2, 3));
  stream.end();
  assert.deepEqual([...(await stream.read())], [1, 2, 3]);
  assert.equal(await stream.read(), undefined);
  for (const one of [asking, answering]) {
    await one[Symbol.asyncDispose]();
    await one.transport[Symbol.asyncDispose]();
  }
}

async function sharedMemory() {
  const network = createSharedNetwork({ peers: ['main', 'echo'] });
  const transport = attachSharedTransport(network, 'main');
  const echoed = new Promise(resolve => {
    void transport.start({
      onConnect: peer => void transport.send(peer, Uint8Array.of(7, 8, 9)),
      onMessage: (_from, message) => resolve([...message]),
    });
  });
  const worker = new Worker(new URL(import.meta.url), { workerData: network });
  assert.deepEqual(await echoed, [7, 8, 9]);
  await worker.terminate();
  await transport[Symbol.asyncDispose]();
}

async function mutualTls() {
  const authority = createClusterAuthority({ cluster: 'default' });
  const make = (self, peers) =>
    createTcpTransport({ self, peers, tls: authority.issue(self), listen: { host: '127.0.0.1', port: 0 } });
  const answering = make('b', { a: undefined });
  await answering.start({ onMessage: (from, message) => void answering.send(from, message) });
  const asking = make('a', { b: `127.0.0.1:${answering.address.port}` });
  // Long enough for the platform's checksum, and for several writes.
  const sent = new Uint8Array(1_000_000).fill(7);
  const echoed = new Promise(resolve => {
    void asking.start({
      onConnect: peer => void asking.send(peer, sent),
      onMessage: (_from, message) => resolve(new Uint8Array(message)),
    });
  });
  assert.deepEqual(await echoed, sent);
  await asking[Symbol.asyncDispose]();
  await answering[Symbol.asyncDispose]();
}
