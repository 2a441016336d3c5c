import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { QueueFaults } from '@quorate/conformance';
import type { QueueStore } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesCodec, type Message } from '../src/index.ts';
import { QueueStand, turn } from './queue-stand.ts';

describe('messages', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  describe('producer', () => {
    it('sends what comes in one turn, and while a put is under way, in one put each', async () => {
      const sent: string[] = [];
      const producer = stand.queues({ sent }).producer<number>('q');
      const results = await producer.sendMany([1, 2, 3]);
      expect(results.map(({ duplicate, durability }) => [duplicate, durability])).toEqual(
        results.map(() => [false, 'memory']),
      );
      expect(new Set(results.map(({ id }) => id)).size).toBe(3);
      expect(sent).toEqual(['put']);
      expect(await stand.count()).toBe(3);
    });

    it('tells of each message on a channel of diagnostics', async () => {
      const heard: unknown[] = [];
      const listen = (event: unknown): void => void heard.push(event);
      subscribe('quorate:queue:sent', listen);
      await stand.queues().producer<number>('q').sendMany([1, 22]);
      unsubscribe('quorate:queue:sent', listen);
      expect(heard).toMatchObject([
        { queue: 'q', duplicate: false, bytes: 1 },
        { queue: 'q', duplicate: false, bytes: 2 },
      ]);
    });

    it('says of a second message under an id that it is a duplicate, also after the first is gone', async () => {
      const queues = stand.queues();
      const producer = queues.producer<string>('q', { rememberMs: 5000 });
      expect(await producer.send('a', { id: 'one' })).toMatchObject({ id: 'one', duplicate: false });
      expect(await producer.send('b', { id: 'one' })).toMatchObject({ id: 'one', duplicate: true });
      const bodies: string[] = [];
      queues.consume<string>('q', ({ body }) => bodies.push(body), { leaseMs: 1000 });
      await stand.pass(200);
      expect(bodies).toEqual(['a']);
      expect(await producer.send('c', { id: 'one' })).toMatchObject({ duplicate: true });
      await stand.pass(6000);
      expect(await producer.send('d', { id: 'one' })).toMatchObject({ duplicate: false });
    });

    it('refuses a bad message alone, with the limit', async () => {
      const producer = stand.queues({}, { codec: bytesCodec }).producer<unknown>('q');
      const good = new Uint8Array(3);
      const limit = stand.store.capabilities.bodyMaxBytes;
      const results = await Promise.allSettled([
        producer.send(good),
        producer.send(new Uint8Array(limit + 1)),
        producer.send(good, { lane: 99 }),
        producer.send('text'),
        producer.send(good, { headers: { '~v': '2' } }),
        producer.send(good),
      ]);
      expect(results.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'rejected',
        'rejected',
        'rejected',
        'fulfilled',
      ]);
      expect(results[1]).toMatchObject({
        reason: { name: 'RangeError', message: expect.stringContaining(`${limit}`) },
      });
      expect(results[3]).toMatchObject({ reason: { name: 'TypeError' } });
      expect(await stand.count()).toBe(2);
    });

    it('sends once although answers are lost and calls refused', async () => {
      const random = stand.random.fork('faults');
      const faults: QueueFaults = { random, lost: 0.4, capabilities: { crossProcess: true } };
      const producer = stand.queues(faults).producer<number>('q');
      const bodies = Array.from({ length: 200 }, (_, index) => index);
      const sending: Promise<unknown>[] = [];
      for (const body of bodies) {
        sending.push(producer.send(body));
        if (body % 7 === 0) await turn();
      }
      await stand.until(Promise.all(sending));
      const page = await stand.store.inspect.messages('q', { limit: 1000 });
      const there = page.items.map(({ body }) => Number(new TextDecoder().decode(body)));
      expect(there).toEqual(bodies);
    });

    it('says that it does not know where an answer is lost and nobody remembers the id', async () => {
      const faults: QueueFaults = { random: stand.random, lost: 1 };
      const producer = stand.queues(faults).producer<number>('q', { rememberMs: 0 });
      const sending = producer.send(1);
      sending.catch(() => {});
      await expect(stand.until(sending)).rejects.toMatchObject({ code: 'SEND_UNKNOWN', outcome: 'unknown' });
    });

    it('passes a refusal on: nothing was sent', async () => {
      const producer = stand.queues({ random: stand.random, refused: 1 }).producer<number>('q');
      await expect(producer.send(1)).rejects.toMatchObject({ code: 'UNAVAILABLE', outcome: 'not-applied' });
      expect(producer.inFlightBytes).toBe(0);
    });

    it('is given up by signal and deadline, and says whether it may have been sent', async () => {
      let open = (): void => {};
      const gate = new Promise<void>(resolve => (open = resolve));
      const producer = stand
        .queues({ before: call => (call === 'put' ? gate : undefined) })
        .producer<number>('q');
      const first = producer.send(1, { deadlineMs: 100 });
      await turn();
      const controller = new AbortController();
      const second = producer.send(2, { signal: controller.signal });
      controller.abort();
      await expect(second).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
      first.catch(() => {});
      await stand.pass(200);
      await expect(first).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' });
      open();
      expect(producer.inFlightBytes).toBe(0);
    });

    it('bounds what waits, and says when there is room', async () => {
      let open = (): void => {};
      const gate = new Promise<void>(resolve => (open = resolve));
      const queues = stand.queues(
        { before: call => (call === 'put' ? gate : undefined) },
        { codec: bytesCodec },
      );
      const producer = queues.producer<Uint8Array>('q', { inFlightMaxBytes: 100 });
      const first = producer.send(new Uint8Array(60));
      const second = producer.send(new Uint8Array(40));
      await expect(producer.send(new Uint8Array(1))).rejects.toMatchObject({
        code: 'PRODUCER_FULL',
        outcome: 'not-applied',
        retryable: true,
      });
      await expect(producer.ready({ deadlineMs: 0 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
      const ready = producer.ready();
      open();
      await Promise.all([first, second, ready]);
      await producer.send(new Uint8Array(1));
    });

    it('delays messages and keeps each for its time', async () => {
      const queues = stand.queues();
      const producer = queues.producer<string>('q');
      await producer.send('late', { delayMs: 1000 });
      await producer.send('later', { readyAt: new Date((await stand.store.now()) + 2000) });
      const bodies: string[] = [];
      queues.consume<string>('q', ({ body }) => bodies.push(body));
      await stand.pass(900);
      expect(bodies).toEqual([]);
      await stand.pass(200);
      expect(bodies).toEqual(['late']);
      await stand.pass(1000);
      expect(bodies).toEqual(['late', 'later']);
    });

    it('refuses what its engine cannot do, each alone', async () => {
      const lease = { readyAt: false, lanes: false, oneActivePerKey: false };
      const store = stand.store.open();
      const faults: QueueFaults = { capabilities: { lease } };
      const producer = stand.queues(faults).producer<number>('q');
      await expect(producer.send(1, { transaction: {} })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      await store[Symbol.asyncDispose]();
    });

    it('hands the transaction of its caller to the store, with each message by itself', async () => {
      const calls: unknown[] = [];
      const put: QueueStore['put'] = (puts, options) => {
        calls.push([puts.length, options?.transaction]);
        return stand.store.put(puts);
      };
      const store = Object.assign(Object.create(stand.store) as QueueStore, { put });
      const producer = stand.queues({}, { store }).producer<number>('q');
      const transaction = { of: 'the caller' };
      await Promise.all([
        producer.send(1, { transaction }),
        producer.send(2),
        producer.send(3, { transaction }),
      ]);
      expect(calls).toEqual([
        [1, transaction],
        [1, transaction],
        [1, undefined],
      ]);
    });

    it('is closed for good, after what was sent is in', async () => {
      const producer = stand.queues().producer<number>('q');
      const sending = producer.send(1);
      await producer[Symbol.asyncDispose]();
      await sending;
      await expect(producer.send(2)).rejects.toMatchObject({ code: 'CLOSED' });
    });
  });

  it('end with the queues that they are of', async () => {
    const queues = stand.queues();
    const producer = queues.producer<number>('q');
    const work = queues.consume('q', () => {});
    const loop = queues.consumer('q').next();
    await stand.until(queues[Symbol.asyncDispose]());
    await work.done;
    expect(await loop).toEqual({ done: true, value: undefined });
    await expect(producer.send(1)).rejects.toMatchObject({ code: 'CLOSED' });
    expect(() => queues.consume('q', () => {})).toThrow('The manager of the queues was closed');
  });

  describe('consumers', () => {
    it('hands out what was sent, acknowledges it, and tells its token, attempt and headers', async () => {
      const queues = stand.queues();
      await queues
        .producer<{ n: number }>('q')
        .send({ n: 1 }, { headers: { trace: 'x' }, key: 'k', lane: 3 });
      const seen: Message<{ n: number }>[] = [];
      queues.consume<{ n: number }>('q', message => seen.push(message));
      await stand.pass(100);
      const [message] = seen;
      expect(message?.body).toEqual({ n: 1 });
      expect(message).toMatchObject({ attempt: 1, deliveryCount: 1, key: 'k', lane: 3, queue: 'q' });
      expect(message?.headers['trace']).toBe('x');
      expect(message?.headers['~v']).toBe('1');
      expect(typeof message?.token).toBe('bigint');
      expect(await stand.count()).toBe(0);
    });

    it('ends a message as its handler says, and tells what became of that', async () => {
      const queues = stand.queues();
      await queues.producer<string>('q').sendMany(['ack', 'retry', 'dead', 'both']);
      const outcomes: Record<string, string> = {};
      queues.consume<string>(
        'q',
        async message => {
          const { body, attempt } = message;
          if (body === 'retry' && attempt === 1) outcomes[body] = await message.retry({ delayMs: 10 });
          else if (body === 'dead') outcomes[body] = await message.deadLetter(new Error('no'));
          else if (body === 'both') {
            const put = { queue: 'q/next', message: { body: new Uint8Array([1]) } };
            outcomes[body] = await message.ack({ puts: [put] });
            outcomes['again'] = await message.retry();
          } else if (body === 'ack') outcomes[body] = await message.ack();
        },
        { concurrency: 4 },
      );
      await stand.pass(500);
      expect(outcomes).toEqual({
        ack: 'settled',
        retry: 'settled',
        dead: 'settled',
        both: 'settled',
        again: 'lost',
      });
      expect(await stand.count()).toBe(0);
      expect(await stand.count('q/next')).toBe(1);
      expect((await queues.deadLetters('q').list()).items).toMatchObject([
        { body: 'dead', cause: 'rejected', error: 'Error: no', from: 'q', attemptCount: 1 },
      ]);
    });

    it('makes a dead letter of what cannot be decoded, at once', async () => {
      const queues = stand.queues();
      await stand.put(['{']);
      queues.consume('q', () => {});
      await stand.pass(100);
      const [letter] = (await queues.deadLetters('q').list()).items;
      expect(letter).toMatchObject({ cause: 'unreadable', id: '{' });
      expect(letter !== undefined && 'body' in letter).toBe(false);
    });

    it('keeps the order of a key through retries, while other keys go on', async () => {
      const queues = stand.queues();
      const producer = queues.producer<string>('q');
      await producer.sendMany(['a1', 'a2', 'b1', 'a3', 'b2'], body => ({ key: body[0] as string }));
      const seen: string[] = [];
      queues.consume<string>(
        'q',
        ({ body, attempt }) => {
          seen.push(body);
          if (body === 'a1' && attempt < 3) throw new Error('not yet');
        },
        { concurrency: 5, retry: { delayMs: 500 } },
      );
      await stand.pass(5000);
      expect(seen.filter(body => body.startsWith('a'))).toEqual(['a1', 'a1', 'a1', 'a2', 'a3']);
      expect(seen.indexOf('b2')).toBeLessThan(seen.indexOf('a2'));
    });

    it('handles so many of a key at a time as its messages say', async () => {
      const queues = stand.queues();
      const bodies = ['1', '2', '3', '4', '5'];
      await queues.producer<string>('q').sendMany(bodies, () => ({ key: 'k', keyConcurrency: 2 }));
      let running = 0;
      let most = 0;
      const ends: (() => void)[] = [];
      queues.consume(
        'q',
        async () => {
          most = Math.max(most, ++running);
          await new Promise<void>(resolve => ends.push(resolve));
          running--;
        },
        { concurrency: 5 },
      );
      for (let time = 0; time < 10; time++) {
        await stand.pass(100);
        ends.shift()?.();
      }
      expect(most).toBe(2);
      expect(await stand.count()).toBe(0);
    });

    it('gives messages to a loop as it asks for them, charging only those', async () => {
      const queues = stand.queues();
      await queues.producer<number>('q').sendMany([1, 2, 3, 4]);
      const consumer = queues.consumer<number>('q', { prefetch: 10 });
      const seen: number[] = [];
      const loop = (async () => {
        for await (const message of consumer) {
          seen.push(message.body);
          expect(await message.ack()).toBe('settled');
          if (message.body === 3) break;
        }
      })();
      await stand.until(loop);
      expect(seen).toEqual([1, 2, 3]);
      const { items } = await stand.store.inspect.messages('q');
      expect(items.map(({ attemptCount, state }) => [attemptCount, state])).toEqual([[0, 'ready']]);
      expect(await consumer.next()).toEqual({ done: true, value: undefined });
    });

    it('goes on with a loop after a message was lost that was about to be handed out', async () => {
      const faults: QueueFaults = {};
      const queues = stand.queues(faults);
      await queues.producer<number>('q').sendMany([1, 2]);
      const consumer = queues.consumer<number>('q', {
        leaseMs: 1000,
        concurrency: 1,
        prefetch: 0,
      });
      const asking = consumer.next();
      let isStolen = false;
      faults.before = call => {
        if (call !== 'extend' || isStolen) return undefined;
        isStolen = true;
        return (async () => {
          await stand.abandonAll();
          await stand.store.lease('q', { messagesMax: 1, leaseMs: 60_000, owner: 'thief' });
        })();
      };
      const { value } = await stand.until(asking);
      expect(value?.body).toBe(2);
    });

    it('goes on with a loop after what was not for it: unreadable, or handled before', async () => {
      const queues = stand.queues();
      await stand.put(['{', '"a"']);
      const first = queues.consumer<string>('q', { idempotency: { ttlMs: 60_000, keyOf: () => 'same' } });
      const { value } = await stand.until(first.next(), 10_000);
      expect(value?.body).toBe('a');
      expect(await stand.until(value?.ack() as Promise<string>)).toBe('settled');
      const asking = first.next();
      await queues.producer<string>('q').send('again');
      await stand.pass(500);
      await stand.store.state.write({ key: 'q/~handled/same', value: undefined });
      await queues.producer<string>('q').send('new');
      expect((await stand.until(asking, 10_000)).value?.body).toBe('new');
    });

    it('does not handle what was lost while it was looked whether it was handled before', async () => {
      const faults: QueueFaults = { sent: [] };
      let [open, isLooking] = [(): void => {}, false];
      const gate = new Promise<void>(resolve => (open = resolve));
      faults.before = call => {
        // The first record that is read is the one that tells of a pause.
        if (call !== 'state.get' || !(faults.sent ?? []).includes('lease')) return undefined;
        isLooking = true;
        return gate;
      };
      const queues = stand.queues(faults);
      await queues.producer<string>('q').send('a');
      const seen: string[] = [];
      const options = { idempotency: { ttlMs: 60_000 }, leaseMs: 1000, prefetch: 0 };
      queues.consume<string>('q', ({ body }) => seen.push(body), options);
      await stand.pass(100);
      await stand.abandonAll();
      await stand.store.lease('q', { messagesMax: 1, leaseMs: 60_000, owner: 'other' });
      await stand.pass(1000);
      open();
      await stand.pass(500);
      expect(isLooking).toBe(true);
      expect(seen).toEqual([]);
    });

    it('gives batches to a handler, and each message its own end', async () => {
      const queues = stand.queues();
      await queues.producer<number>('q').sendMany([1, 2, 3, 4, 5, 6, 7]);
      const batches: number[][] = [];
      queues.consumeBatches<number>(
        'q',
        async messages => {
          batches.push(messages.map(({ body }) => body));
          const six = messages.find(({ body }) => body === 6);
          if (six !== undefined) void six.deadLetter('six');
        },
        { batchMax: 3 },
      );
      await stand.pass(500);
      expect(new Set(batches.flat())).toEqual(new Set([1, 2, 3, 4, 5, 6, 7]));
      expect(batches[0]).toHaveLength(3);
      expect(Math.max(...batches.map(({ length }) => length))).toBe(3);
      expect((await queues.deadLetters('q').list()).items.map(({ body }) => body)).toEqual([6]);
    });

    it('gives a handler no more batches at a time than it may have, and charges nothing that waits for one', async () => {
      const queues = stand.queues();
      const producer = queues.producer<number>('q');
      const batches: number[][] = [];
      const ends: (() => void)[] = [];
      const work = queues.consumeBatches<number>(
        'q',
        messages => {
          batches.push(messages.map(({ body }) => body));
          return new Promise<void>(resolve => ends.push(resolve));
        },
        { batchMax: 3, prefetch: 10 },
      );
      await producer.sendMany([1, 2]);
      await stand.pass(100);
      await producer.sendMany([3, 4, 5, 6]);
      await stand.pass(100);
      expect(batches).toEqual([[1, 2]]);
      const { items } = await stand.store.inspect.messages('q');
      expect(items.map(({ attemptCount }) => attemptCount)).toEqual([1, 1, 0, 0, 0, 0]);
      ends[0]?.();
      await stand.pass(100);
      expect(batches).toEqual([
        [1, 2],
        [3, 4, 5],
      ]);
      const drained = work.drain();
      ends[1]?.();
      await stand.until(drained);
      expect(await stand.count()).toBe(1);
    });

    it('acknowledges unhandled what the record of its key says was done, until that expires', async () => {
      const queues = stand.queues();
      const producer = queues.producer<string>('q');
      const seen: string[] = [];
      queues.consume<string>('q', ({ body }) => seen.push(body), {
        idempotency: { keyOf: ({ headers }) => headers['order'] as string, ttlMs: 10_000 },
      });
      await producer.send('first', { headers: { order: '7' } });
      await stand.pass(200);
      await producer.send('second', { headers: { order: '7' } });
      await stand.pass(200);
      expect(seen).toEqual(['first']);
      expect(await stand.count()).toBe(0);
      await stand.pass(10_000, 500);
      await producer.send('third', { headers: { order: '7' } });
      await stand.pass(200);
      expect(seen).toEqual(['first', 'third']);
    });

    it('pauses a queue for all, and goes on', async () => {
      const queues = stand.queues();
      const others = stand.queues({ muted: true });
      const seen: string[] = [];
      queues.consume<string>('q', ({ body }) => seen.push(`here ${body}`));
      others.consume<string>('q', ({ body }) => seen.push(`there ${body}`));
      await queues.pause('q');
      expect(await others.isPaused('q')).toBe(true);
      await stand.pass(6000, 500); // Who hears of nothing looks now and then.
      await queues.producer<string>('q').sendMany(['a', 'b', 'c', 'd']);
      await stand.pass(20_000, 500);
      expect(seen).toEqual([]);
      await others.resume('q');
      await stand.pass(6000, 500);
      expect(seen).toHaveLength(4);
    });
  });
});
