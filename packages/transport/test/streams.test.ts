import { QuorateError } from '@quorate/core';
import type { ByteStream } from '@quorate/transport';
import { describe, expect, test } from 'vitest';
import { bytesOf, client, failureOf, gate, openPair, server, textOf, turns } from './requests-fixture.ts';

async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes that tell where they belong. */
function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_byte, index) => (index * 131 + (index >> 8)) & 0xff);
}

describe('streams', () => {
  test('bytes go both ways, each with an end of its own', async () => {
    await using pair = await openPair();
    pair.answering.handleStream('upper', async (stream, head) => {
      await stream.write(head);
      for await (const chunk of stream) await stream.write(bytesOf(textOf(chunk).toUpperCase()));
      await stream.write(bytesOf('.'));
    });
    const stream = await pair.asking.openStream(server, 'upper', bytesOf('> '));
    await stream.write(bytesOf('one '));
    await stream.write(new Uint8Array(0));
    await stream.write(bytesOf('two'));
    stream.end();
    expect(textOf(await readAll(stream))).toBe('> ONE TWO.');
    expect(await stream.read()).toBeUndefined();
    expect(stream.signal.aborted).toBe(false);
    await expect(stream.write(bytesOf('more'))).rejects.toThrow('Chunks must be written before the end');
    await stream[Symbol.asyncDispose]();
  });

  test('a chunk far longer than window and messages arrives whole', async () => {
    await using pair = await openPair(
      { windowBytes: 4096, chunkMaxBytes: 3000 },
      { messageMaxBytes: 1500, queueMaxBytes: 3200 },
    );
    const sent = pattern(200_000);
    pair.answering.handleStream('echo', async stream => {
      for await (const chunk of stream) await stream.write(chunk);
    });
    const stream = await pair.asking.openStream(server, 'echo');
    const writing = stream.write(sent).then(() => stream.end());
    const received = await readAll(stream);
    await writing;
    expect(Buffer.compare(received, sent)).toBe(0);
  });

  test('who does not read makes the writer wait, within the window', async () => {
    await using pair = await openPair({ windowBytes: 10_000, chunkMaxBytes: 936 });
    const go = gate();
    const received: number[] = [];
    pair.answering.handleStream('slow', async stream => {
      await go.opened;
      for await (const chunk of stream) received.push(chunk[0] as number);
    });
    const stream = await pair.asking.openStream(server, 'slow');
    let written = 0;
    const writing = (async () => {
      for (let value = 0; value < 50; value++) {
        await stream.write(new Uint8Array(936).fill(value));
        written++;
      }
      stream.end();
    })();
    await turns(20);
    expect(written).toBe(10);
    await expect(stream.write(new Uint8Array(1))).rejects.toThrow(
      'A write is under way: wait for it before the next',
    );
    go.open();
    await writing;
    expect(await stream.read()).toBeUndefined();
    expect(received).toEqual([...Array(50).keys()]);
  });

  test('waits for reading and writing end by deadline or signal, and the stream goes on', async () => {
    await using pair = await openPair({ windowBytes: 1024 });
    const go = gate();
    pair.answering.handleStream('slow', async stream => {
      await go.opened;
      for await (const chunk of stream) await stream.write(chunk);
    });
    const stream = await pair.asking.openStream(server, 'slow');
    const read = failureOf(stream.read({ deadlineMs: 50 }));
    await expect(stream.read()).rejects.toThrow('A read is under way');
    pair.clock.advance(50);
    expect(await read).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    const write = failureOf(stream.write(new Uint8Array(2000), { signal: controller.signal }));
    await turns();
    controller.abort();
    expect(await write).toMatchObject({ code: 'ABORTED' });
    go.open();
    expect((await stream.read())?.length).toBeGreaterThan(0);
    expect(pair.clock.timerCount).toBe(0);
    stream.cancel();
  });

  test('a cancelled stream ends both sides, and tells the handler why', async () => {
    await using pair = await openPair();
    const [told, opened] = [gate<unknown>(), gate()];
    pair.answering.handleStream('hang', async stream => {
      stream.signal.addEventListener('abort', () => told.open(stream.signal.reason));
      opened.open();
      await stream.read();
    });
    const stream = await pair.asking.openStream(server, 'hang');
    await opened.opened;
    stream.cancel('Not needed');
    expect(await told.opened).toMatchObject({ code: 'ABORTED', message: 'Not needed' });
    await expect(stream.read()).rejects.toMatchObject({ code: 'ABORTED', message: 'Not needed' });
    await expect(stream.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'ABORTED' });
    stream.cancel();
  });

  test('leaving a loop early, and disposing, cancel', async () => {
    await using pair = await openPair();
    const ended: unknown[] = [];
    const both = gate();
    pair.answering.handleStream('count', async stream => {
      try {
        for (let value = 0; ; value++) await stream.write(Uint8Array.of(value));
      } catch (error) {
        ended.push((error as QuorateError).code);
        if (ended.length === 2) both.open();
      }
    });
    for await (const [value] of await pair.asking.openStream(server, 'count')) if (value === 3) break;
    {
      await using stream = await pair.asking.openStream(server, 'count');
      await stream.read();
    }
    await both.opened;
    expect(ended).toEqual(['ABORTED', 'ABORTED']);
  });

  test('a loop can be left while it waits for a chunk, and before it has begun', async () => {
    await using pair = await openPair();
    const told: unknown[] = [];
    pair.answering.handleStream('idle', async stream => {
      stream.signal.addEventListener('abort', () => told.push((stream.signal.reason as QuorateError).code));
      await stream.read().catch(() => {});
    });
    const waiting = (await pair.asking.openStream(server, 'idle'))[Symbol.asyncIterator]();
    const next = waiting.next();
    await turns();
    expect(await waiting.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    expect(await waiting.next()).toEqual({ done: true, value: undefined });
    await (await pair.asking.openStream(server, 'idle'))[Symbol.asyncIterator]().return?.();
    await turns();
    expect(told).toEqual(['ABORTED', 'ABORTED']);
  });

  test('handlers that do not end keep their places, so opening and cancelling does not pile them up', async () => {
    await using pair = await openPair({ streamsMax: 3 });
    let running = 0;
    const go = gate();
    pair.answering.handleStream('slow', async () => {
      running++;
      await go.opened;
    });
    const refused: unknown[] = [];
    for (let opening = 0; opening < 20; opening++) {
      await pair.asking.openStream(server, 'slow').then(
        stream => stream.cancel(),
        (error: unknown) => refused.push((error as QuorateError).code),
      );
      await turns();
    }
    expect(running).toBe(3);
    expect(refused).toEqual(Array(17).fill('OVERLOADED'));
    go.open();
    await turns();
    for (let opening = 0; opening < 4; opening++)
      expect(await (await pair.asking.openStream(server, 'slow')).read()).toBeUndefined();
  });

  test('an error of the handler arrives as it is', async () => {
    await using pair = await openPair();
    pair.answering.handleStream('fail', async stream => {
      await stream.write(Uint8Array.of(1));
      throw new QuorateError('NOT_LEADER', 'Ask another', { retryable: true, outcome: 'not-applied' });
    });
    const stream = await pair.asking.openStream(server, 'fail');
    await expect(readAll(stream)).rejects.toMatchObject({
      code: 'NOT_LEADER',
      retryable: true,
      outcome: 'not-applied',
    });
    expect(stream.signal.aborted).toBe(true);
  });

  test('a handler that does not read all lets the writer know, and what it wrote is read', async () => {
    await using pair = await openPair();
    pair.answering.handleStream('first', async stream => {
      await stream.write((await stream.read()) ?? new Uint8Array(0));
    });
    const stream = await pair.asking.openStream(server, 'first');
    await stream.write(bytesOf('first'));
    await turns();
    await expect(stream.write(bytesOf('second'))).rejects.toMatchObject({ code: 'ABORTED' });
    expect(textOf(await readAll(stream))).toBe('first');
  });

  test('streams are bounded in number, refused without a handler, and counted down again', async () => {
    await using pair = await openPair({ streamsMax: 2 });
    pair.answering.handleStream('echo', async stream => {
      for await (const chunk of stream) await stream.write(chunk);
    });
    await expect(pair.asking.openStream(server, 'nothing')).rejects.toMatchObject({
      code: 'UNKNOWN_METHOD',
      outcome: 'not-applied',
    });
    pair.answering.handle('request', () => {});
    for (let round = 0; round < 5; round++) {
      await pair.asking.request(server, 'request');
      const streams = [
        await pair.asking.openStream(server, 'echo'),
        await pair.asking.openStream(server, 'echo'),
      ];
      await expect(pair.asking.openStream(server, 'echo')).rejects.toMatchObject({
        code: 'OVERLOADED',
        outcome: 'not-applied',
      });
      for (const stream of streams) {
        await stream.write(Uint8Array.of(round));
        stream.end();
        expect([...(await readAll(stream))]).toEqual([round]);
      }
    }
  });

  test('the end of a connection is the end of its streams', async () => {
    await using pair = await openPair();
    const broken = gate<unknown>();
    pair.answering.handleStream('hang', async stream => {
      await stream.read().catch(broken.open);
    });
    const stream = await pair.asking.openStream(server, 'hang');
    const read = stream.read();
    await turns();
    pair.network.cut(client, server);
    await expect(read).rejects.toMatchObject({ code: 'CONNECTION_LOST', outcome: 'unknown' });
    expect(await broken.opened).toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(pair.asking.openStream(server, 'hang')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('an opening that is given up, or that the end of the connection overtakes, is told', async () => {
    await using pair = await openPair();
    const told = gate<unknown>();
    pair.answering.handleStream('hang', async stream => {
      stream.signal.addEventListener('abort', () => told.open(stream.signal.reason));
      await stream.read();
    });
    const controller = new AbortController();
    const opening = pair.asking.openStream(server, 'hang', undefined, { signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown' });
    expect(await told.opened).toMatchObject({ code: 'ABORTED' });
    const late = pair.asking.openStream(server, 'hang', undefined, { deadlineMs: 5 });
    pair.clock.advance(5);
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const lost = pair.asking.openStream(server, 'hang');
    pair.network.cut(client, server);
    await expect(lost).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  test('disposing ends streams at both sides', async () => {
    await using pair = await openPair();
    const broken = gate<unknown>();
    pair.answering.handleStream('hang', async stream => {
      await stream.read().catch(broken.open);
    });
    const stream = await pair.asking.openStream(server, 'hang');
    await turns();
    await pair.asking[Symbol.asyncDispose]();
    await expect(stream.read()).rejects.toMatchObject({ code: 'CLOSED' });
    expect(await broken.opened).toMatchObject({ code: 'CLOSED' });
  });
});
