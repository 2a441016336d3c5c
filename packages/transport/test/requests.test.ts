import { QuorateError, groupId, nodeId, seededRandom } from '@quorate/core';
import { createRequests } from '@quorate/transport';
import { describe, expect, test } from 'vitest';
import { bytesOf, client, failureOf, gate, openPair, server, textOf, turns } from './requests-fixture.ts';

describe('requests', () => {
  test('a request is answered, by name or by number, in any order', async () => {
    await using pair = await openPair();
    const { asking, answering } = pair;
    const slow = gate();
    answering.handle('greet', ({ body, from, method }) => bytesOf(`${method} ${textOf(body)} of ${from}`));
    answering.handle(7, async () => {
      await slow.opened;
      return bytesOf('seven');
    });
    answering.handle('größe', () => {});
    const seven = asking.request(server, 7);
    expect(textOf(await asking.request(server, 'greet', bytesOf('Ada')))).toBe('greet Ada of client');
    expect((await asking.request(server, 'größe', new Uint8Array(1000))).length).toBe(0);
    slow.open();
    expect(textOf(await seven)).toBe('seven');
  });

  test('both peers ask each other at once', async () => {
    await using pair = await openPair();
    const { asking, answering } = pair;
    asking.handle('who', () => bytesOf('client'));
    answering.handle('who', async ({ from }) =>
      bytesOf(`server, to ${textOf(await answering.request(from, 'who'))}`),
    );
    expect(textOf(await asking.request(server, 'who'))).toBe('server, to client');
  });

  test('a thousand requests get each its own answer', async () => {
    await using pair = await openPair();
    pair.answering.handle('double', ({ body }) => Uint8Array.of((body[0] as number) * 2, body[1] as number));
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) =>
        pair.asking.request(server, 'double', Uint8Array.of(index & 127, index >> 7)),
      ),
    );
    for (const [index, answer] of answers.entries())
      expect([...answer]).toEqual([(index & 127) * 2, index >> 7]);
  });

  test('an error keeps code, retryable, outcome and message, and no stack', async () => {
    await using pair = await openPair();
    const { asking, answering } = pair;
    answering.handle('refuse', () => {
      throw new QuorateError('NOT_LEADER', 'Ask another', { retryable: true, outcome: 'not-applied' });
    });
    answering.handle('fail', async () => {
      throw new TypeError(`ü${'x'.repeat(5000)}`);
    });
    answering.handle('wrong', () => 'text' as never);
    const refused = await asking.request(server, 'refuse').catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'NOT_LEADER',
      message: 'Ask another',
      retryable: true,
      outcome: 'not-applied',
    });
    const failed = (await asking.request(server, 'fail').catch((error: unknown) => error)) as QuorateError;
    expect(failed).toMatchObject({ code: 'HANDLER_FAILED', retryable: false, outcome: 'unknown' });
    expect(failed.message).toBe(`ü${'x'.repeat(1022)}`);
    expect(failed.stack).not.toContain('requests.test.ts');
    await expect(asking.request(server, 'wrong')).rejects.toMatchObject({
      code: 'HANDLER_FAILED',
      message: 'The handler of "wrong" returned no bytes',
    });
  });

  test('what nobody answers is refused, and certainly not applied', async () => {
    await using pair = await openPair();
    const { asking, answering } = pair;
    answering.handleStream('flow', () => {});
    const registered = answering.handle('brief', () => {});
    expect(() => answering.handle('brief', () => {})).toThrow(
      'Method must not have a handler yet: "brief" has one',
    );
    await asking.request(server, 'brief');
    registered[Symbol.dispose]();
    for (const method of ['brief', 'flow', 99]) {
      await expect(asking.request(server, method)).rejects.toMatchObject({
        code: 'UNKNOWN_METHOD',
        outcome: 'not-applied',
        retryable: false,
      });
    }
    await expect(asking.request(nodeId('nobody'), 'brief')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
      retryable: true,
    });
  });

  test('bad arguments are errors at the call', async () => {
    await using pair = await openPair({}, { messageMaxBytes: 1000 });
    const { asking } = pair;
    await expect(asking.request(server, 'm', new Uint8Array(975))).rejects.toThrow(
      'Body must be at most 974 bytes: received 975',
    );
    await expect(asking.request(server, '')).rejects.toThrow('Method must be 1 to 255 bytes: received 0');
    await expect(asking.request(server, -1)).rejects.toThrow(
      'Method must be an integer from 0 to 4294967295: received -1',
    );
    await expect(asking.request(server, 'm', 'text' as never)).rejects.toThrow(TypeError);
    await expect(asking.request(server, 'm', undefined, { deadlineMs: -1 })).rejects.toThrow(RangeError);
    pair.answering.handle('m', ({ body }) => body);
    expect((await asking.request(server, 'm', new Uint8Array(974))).length).toBe(974);
    pair.answering.handle('large', () => new Uint8Array(989));
    await expect(asking.request(server, 'large')).rejects.toMatchObject({
      code: 'RESPONSE_TOO_LARGE',
      outcome: 'applied',
    });
  });
});

describe('deadlines and cancellation', () => {
  test('a deadline travels, ends the wait as unknown, and tells the handler', async () => {
    await using pair = await openPair();
    const told = gate<unknown>();
    let remainingMs = 0;
    pair.answering.handle('hang', async call => {
      remainingMs = call.remainingMs();
      call.signal.addEventListener('abort', () => told.open(call.signal.reason));
      await new Promise(() => {});
    });
    const request = pair.asking.request(server, 'hang', undefined, { deadlineMs: 250 });
    const rejected = failureOf(request);
    await turns();
    expect(remainingMs).toBe(250);
    pair.clock.advance(249);
    await turns();
    pair.clock.advance(1);
    expect(await rejected).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown', retryable: true });
    expect(await told.opened).toMatchObject({ code: expect.stringMatching(/DEADLINE_EXCEEDED|ABORTED/) });
    expect(pair.clock.timerCount).toBe(0);
  });

  test('a request that was aborted tells its handler, and its answer is dropped', async () => {
    await using pair = await openPair();
    const [running, told, release] = [gate(), gate<unknown>(), gate()];
    pair.answering.handle('hang', async ({ signal }) => {
      signal.addEventListener('abort', () => told.open(signal.reason));
      running.open();
      await release.opened;
      return bytesOf('late');
    });
    pair.answering.handle('next', () => bytesOf('next'));
    const controller = new AbortController();
    const reason = new Error('Enough');
    const request = pair.asking.request(server, 'hang', undefined, { signal: controller.signal });
    await running.opened;
    controller.abort(reason);
    await expect(request).rejects.toMatchObject({ code: 'ABORTED', outcome: 'unknown', cause: reason });
    expect(await told.opened).toMatchObject({ code: 'ABORTED' });
    release.open();
    expect(textOf(await pair.asking.request(server, 'next'))).toBe('next');
  });

  test('what was given up before it was sent is not applied', async () => {
    await using pair = await openPair();
    let ran = 0;
    pair.answering.handle('run', () => void ran++);
    const options = { outcome: 'not-applied' };
    await expect(pair.asking.request(server, 'run', undefined, { deadlineMs: 0 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      ...options,
    });
    await expect(
      pair.asking.request(server, 'run', undefined, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({
      code: 'ABORTED',
      ...options,
    });
    await pair.asking.request(server, 'run');
    expect(ran).toBe(1);
  });
});

describe('limits', () => {
  test('so many handlers run at a time, so many requests wait, and the rest are refused unhandled', async () => {
    await using pair = await openPair({ concurrencyMax: 2, queueMax: 3 });
    const gates = Array.from({ length: 6 }, () => gate());
    const begun: number[] = [];
    pair.answering.handle('work', async ({ body }) => {
      begun.push(body[0] as number);
      await gates[body[0] as number]?.opened;
      return body;
    });
    const requests = gates.map((_, index) => pair.asking.request(server, 'work', Uint8Array.of(index)));
    await expect(requests[5]).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
      outcome: 'not-applied',
    });
    expect(begun).toEqual([0, 1]);
    gates[1]?.open();
    await requests[1];
    expect(begun).toEqual([0, 1, 2]);
    for (const { open } of gates) open();
    await Promise.all(requests.slice(0, 5));
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  test('a queued request that is cancelled, or too late, never runs', async () => {
    await using pair = await openPair({ concurrencyMax: 1 });
    const hold = gate();
    const begun: number[] = [];
    pair.answering.handle('work', async ({ body }) => {
      begun.push(body[0] as number);
      if (body[0] === 0) await hold.opened;
    });
    const first = pair.asking.request(server, 'work', Uint8Array.of(0));
    const controller = new AbortController();
    const cancelled = pair.asking.request(server, 'work', Uint8Array.of(1), { signal: controller.signal });
    const late = pair.asking.request(server, 'work', Uint8Array.of(2), { deadlineMs: 10 });
    const last = pair.asking.request(server, 'work', Uint8Array.of(3));
    const failures = [failureOf(cancelled), failureOf(late)];
    await turns();
    controller.abort();
    await turns();
    pair.clock.advance(10);
    hold.open();
    await Promise.all([first, last]);
    expect(await Promise.all(failures)).toMatchObject([{ code: 'ABORTED' }, { code: 'DEADLINE_EXCEEDED' }]);
    expect(begun).toEqual([0, 3]);
  });

  test('queued bytes are bounded', async () => {
    await using pair = await openPair({ concurrencyMax: 1, queueMaxBytes: 1000 });
    const hold = gate();
    pair.answering.handle('work', () => hold.opened);
    const requests = [0, 600, 600].map(length => pair.asking.request(server, 'work', new Uint8Array(length)));
    await expect(requests[2]).rejects.toMatchObject({ code: 'OVERLOADED' });
    hold.open();
    await Promise.all(requests.slice(0, 2));
  });

  test('unanswered requests are bounded, and a full transport refuses', async () => {
    await using pair = await openPair({ outstandingMax: 3 }, { messageMaxBytes: 1000, queueMaxBytes: 2500 });
    const hold = gate();
    pair.answering.handle('work', () => hold.opened);
    const asked = [400, 1, 1].map(length => pair.asking.request(server, 'work', new Uint8Array(length)));
    await expect(pair.asking.request(server, 'work')).rejects.toMatchObject({
      code: 'OVERLOADED',
      outcome: 'not-applied',
      message: '3 requests are unanswered, which is the limit',
    });
    hold.open();
    await Promise.all(asked);
    const large = [900, 900, 900].map(length => pair.asking.request(server, 'work', new Uint8Array(length)));
    await expect(large[2]).rejects.toMatchObject({
      code: 'OVERLOADED',
      outcome: 'not-applied',
      message: 'What waits to be sent to "server" is at its limit',
    });
    await Promise.all(large.slice(0, 2));
  });

  test("answers that a full transport refuses leave later, and keep their handlers' places until then", async () => {
    await using pair = await openPair({ concurrencyMax: 4 }, { messageMaxBytes: 4000, queueMaxBytes: 8200 });
    let running = 0;
    pair.answering.handle('large', () => {
      running++;
      return new Uint8Array(3900).fill(running);
    });
    const answers = await Promise.all(Array.from({ length: 40 }, () => pair.asking.request(server, 'large')));
    expect(answers.map(answer => answer[0])).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  });
});

describe('connections that end', () => {
  test('what is under way is unknown, its handler is told, and later answers go nowhere', async () => {
    await using pair = await openPair();
    const [told, release, running] = [gate<unknown>(), gate(), gate()];
    pair.answering.handle('hang', async ({ signal }) => {
      signal.addEventListener('abort', () => told.open(signal.reason));
      running.open();
      await release.opened;
      return bytesOf('of an earlier connection');
    });
    pair.answering.handle('next', ({ body }) => body);
    const request = pair.asking.request(server, 'hang');
    await running.opened;
    pair.network.cut(client, server);
    await expect(request).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      outcome: 'unknown',
      retryable: true,
    });
    expect(await told.opened).toMatchObject({ code: 'ABORTED' });
    await expect(pair.asking.request(server, 'next')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    pair.network.heal(client, server);
    await pair.atClient.until(() => pair.atClient.connected.has(server));
    release.open();
    const answers = await Promise.all(
      [1, 2, 3].map(value => pair.asking.request(server, 'next', Uint8Array.of(value))),
    );
    expect(answers.map(([value]) => value)).toEqual([1, 2, 3]);
  });

  test('disposing rejects what is under way at both sides, and tells the peer', async () => {
    await using pair = await openPair({ concurrencyMax: 1 });
    const [told, running] = [gate<unknown>(), gate()];
    pair.answering.handle('hang', async ({ signal }) => {
      signal.addEventListener('abort', () => told.open(signal.reason));
      running.open();
      await new Promise(() => {});
    });
    const [first, queued] = [pair.asking.request(server, 'hang'), pair.asking.request(server, 'hang')];
    const failures = [failureOf(first), failureOf(queued)];
    await running.opened;
    await pair.answering[Symbol.asyncDispose]();
    expect(await told.opened).toMatchObject({ code: 'CLOSED' });
    expect(await Promise.all(failures)).toMatchObject([
      { code: 'UNAVAILABLE', outcome: 'unknown' },
      { code: 'UNAVAILABLE', outcome: 'not-applied' },
    ]);
    await expect(pair.asking.request(server, 'hang')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      outcome: 'not-applied',
    });
    const last = pair.asking.request(server, 'hang');
    const rejected = failureOf(last);
    await pair.asking[Symbol.asyncDispose]();
    expect(await rejected).toMatchObject({ code: 'CLOSED', outcome: 'unknown' });
    await expect(pair.asking.request(server, 'hang')).rejects.toMatchObject({
      code: 'CLOSED',
      outcome: 'not-applied',
    });
    expect(() => pair.asking.handle('m', () => {})).toThrow('The requests were disposed of');
  });

  test('messages of other groups, and what is told of connections, go to others', async () => {
    await using pair = await openPair();
    pair.asking.transport.send(server, bytesOf('other'), groupId(9));
    await pair.atServer.until(() => pair.atServer.messages.length === 1);
    expect(pair.atServer.messages[0]?.group).toBe(9);
    expect(pair.atServer.connected.has(client)).toBe(true);
  });

  test('an asker that starts anew without a new connection is told apart, and repeated frames do nothing', async () => {
    await using pair = await openPair();
    let ran = 0;
    pair.answering.handle('count', () => void ran++);
    const frames: Uint8Array[] = [];
    const { transport } = pair.asking;
    // A second asker on the same connection, whose frames are kept and sent again.
    const copying = createRequests(
      {
        ...transport,
        self: client,
        capabilities: transport.capabilities,
        send: (to, message) => {
          frames.push(message.slice());
          return transport.send(to, message);
        },
        start: async handlers => handlers.onConnect?.(server),
      } as typeof transport,
      { clock: pair.clock, random: seededRandom(3) },
    );
    await pair.asking.request(server, 'count');
    await copying.start();
    copying.request(server, 'count').catch(() => {}); // Its answers go to the first asker, which does not know them.
    await turns();
    expect(ran).toBe(2);
    for (const frame of [...frames, ...frames]) transport.send(server, frame);
    await turns();
    expect(ran).toBe(2);
    await pair.asking.request(server, 'count');
    expect(ran).toBe(3);
  });
});
