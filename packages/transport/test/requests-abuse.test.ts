import { QuorateError, type Transport, type TransportHandlers, seededRandom } from '@quorate/core';
import { createInProcessNetwork, createRequests } from '@quorate/transport';
import { expect, test } from 'vitest';
import { bytesOf, client, openPair, server, textOf } from './requests-fixture.ts';

test('errors longer than the messages of the transport arrive, cut off', async () => {
  await using pair = await openPair({}, { messageMaxBytes: 200 });
  const { asking, answering } = pair;
  const long = 'x'.repeat(2000);
  answering.handle('throw', () => {
    throw new QuorateError('NOT_LEADER', long, { outcome: 'not-applied' });
  });
  answering.handle('reject', async () => {
    throw new Error(long);
  });
  answering.handleStream('stream', async stream => {
    await stream.read();
    throw new Error(long);
  });
  const cut = { message: 'x'.repeat(200 - 12 - 67) };
  await expect(asking.request(server, 'throw')).rejects.toMatchObject({ code: 'NOT_LEADER', ...cut });
  await expect(asking.request(server, 'reject')).rejects.toMatchObject({ code: 'HANDLER_FAILED', ...cut });
  const stream = await asking.openStream(server, 'stream');
  stream.end();
  await expect(stream.read()).rejects.toMatchObject({ code: 'HANDLER_FAILED', ...cut });
  const cancelled = await asking.openStream(server, 'stream');
  cancelled.cancel(long);
  await expect(cancelled.read()).rejects.toMatchObject({ code: 'ABORTED' });
  // The handlers have given their places back.
  await expect(asking.request(server, 'throw')).rejects.toMatchObject({ code: 'NOT_LEADER' });
});

test('a transport with messages in which not even an error fits is refused', () => {
  const transport = createInProcessNetwork({ messageMaxBytes: 127 }).transport(client);
  expect(() => createRequests(transport)).toThrow(
    'Longest message of the transport in bytes must be an integer from 128 to 9007199254740992: received 127',
  );
});

test('whatever a handler throws is an answer', async () => {
  await using pair = await openPair({ concurrencyMax: 1 });
  const { asking, answering } = pair;
  const textless = Object.assign(new Error('x'), { message: Object.create(null) as string });
  const throwing = Object.defineProperty(new Error('x'), 'message', {
    get() {
      throw new Error('No message');
    },
  });
  const elusive = new Proxy(
    {},
    {
      getPrototypeOf() {
        throw new Error('No prototype');
      },
    },
  );
  const astray = new QuorateError('STRAYED', 'Somewhere', { outcome: 'perhaps' as 'unknown' });
  const coded = Object.assign(new QuorateError('X', 'Text'), { code: { toString: () => 'CODE' } });
  const thrown: unknown[] = [textless, throwing, elusive, astray, coded, undefined, Symbol('s')];
  answering.handle('throw', ({ body }) => {
    throw thrown[body[0] as number];
  });
  answering.handle('reject', async ({ body }) => {
    throw thrown[body[0] as number];
  });
  for (const method of ['throw', 'reject']) {
    for (let index = 0; index < thrown.length; index++) {
      await expect(asking.request(server, method, Uint8Array.of(index))).rejects.toMatchObject({
        code: index === 3 ? 'STRAYED' : 'HANDLER_FAILED',
        outcome: 'unknown',
      });
    }
  }
});

test('a name is taken as it is: byte order marks belong to it, and names of prototypes are none', async () => {
  await using pair = await openPair();
  pair.answering.handle('admin', () => bytesOf('in'));
  for (const method of ['\uFEFFadmin', '__proto__', 'constructor', 'toString', 'admin\0', 'Admin']) {
    await expect(pair.asking.request(server, method)).rejects.toMatchObject({ code: 'UNKNOWN_METHOD' });
  }
  pair.answering.handle('\uFEFFadmin', () => bytesOf('marked'));
  pair.answering.handle('__proto__', () => bytesOf('a name like others'));
  expect(textOf(await pair.asking.request(server, 'admin'))).toBe('in');
  expect(textOf(await pair.asking.request(server, '\uFEFFadmin'))).toBe('marked');
  expect(textOf(await pair.asking.request(server, '__proto__'))).toBe('a name like others');
});

/** Hands over what comes in one Buffer, whose slices share its memory, and which is overwritten after each call. */
function reusing(transport: Transport): Transport {
  return {
    self: transport.self,
    capabilities: transport.capabilities,
    start: handlers =>
      transport.start({
        ...(['onConnect', 'onDisconnect', 'onDrain'] as const).reduce<Partial<TransportHandlers>>(
          (all, name) => ({ ...all, [name]: handlers[name]?.bind(handlers) }),
          {},
        ),
        onMessage(from, message, group) {
          const shared = Buffer.from(message);
          handlers.onMessage(from, shared, group);
          shared.fill(0);
        },
      }),
    send: (to, message, group) => transport.send(to, message, group),
    queuedBytes: peer => transport.queuedBytes(peer),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

test('bodies, answers and chunks are their own, whatever the transport does with its buffers', async () => {
  const network = createInProcessNetwork();
  const [asking, answering] = [client, server].map((name, seed) =>
    createRequests(reusing(network.transport(name)), { random: seededRandom(seed) }),
  ) as [ReturnType<typeof createRequests>, ReturnType<typeof createRequests>];
  answering.handle('later', async ({ body }) => {
    await new Promise(setImmediate);
    return body;
  });
  answering.handleStream('echo', async (stream, head) => {
    await new Promise(setImmediate);
    await stream.write(head);
    for await (const chunk of stream) await stream.write(chunk);
  });
  await answering.start();
  await new Promise<void>(resolve => void asking.start({ onMessage() {}, onConnect: () => resolve() }));
  expect(textOf(await asking.request(server, 'later', bytesOf('body')))).toBe('body');
  const stream = await asking.openStream(server, 'echo', bytesOf('head'));
  await stream.write(bytesOf('chunk'));
  stream.end();
  const chunks: string[] = [];
  for await (const chunk of stream) chunks.push(textOf(chunk));
  expect(chunks.join(' ')).toBe('head chunk');
  for (const requests of [asking, answering]) {
    await requests[Symbol.asyncDispose]();
    await requests.transport[Symbol.asyncDispose]();
  }
});
