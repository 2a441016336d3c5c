import { EventEmitter, once } from 'node:events';
import { type LeasedMessage, type MessageId, type QueueStore, seededRandom } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueueAnswer } from './queue-child.ts';
import { outMax, queueChild } from './queue-child-process.ts';
import { QueueStand } from './queue-stand.ts';

const reason = skipReason('postgres');
const isLong = process.env['QUORATE_LONG'] !== undefined;
const cycles = isLong ? 1_000 : 2;

/** The tokens under which each message was handled, in order. */
class Handled {
  readonly tokens: Map<string, bigint[]> = new Map();

  note(id: string, token: bigint): void {
    const tokens = this.tokens.get(id) ?? [];
    tokens.push(token);
    this.tokens.set(id, tokens);
  }

  /** How often a message was handled that had been handled before. */
  get againCount(): number {
    let count = 0;
    for (const tokens of this.tokens.values()) count += tokens.length - 1;
    return count;
  }

  /** Checks that tokens grew from one lease of a message to the next. */
  expectGrowing(): void {
    for (const tokens of this.tokens.values())
      expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)));
  }
}

const acknowledged = (messages: readonly LeasedMessage[]) =>
  messages.map(lease => ({ lease, action: { type: 'acknowledge' } as const }));

describe.skipIf(reason !== undefined)(
  `queues on PostgreSQL when processes die (needs a server${reason === undefined ? '' : `: ${reason}`})`,
  () => {
    let stand: QueueStand;
    let store: QueueStore;
    beforeAll(async () => {
      stand = await QueueStand.start();
      store = await stand.open();
    });
    afterAll(async () => {
      await store[Symbol.asyncDispose]();
      await stand[Symbol.asyncDispose]();
    });

    test('lose nothing that was put, and have handled twice at most what was out', {
      timeout: 60_000 + cycles * 5_000,
    }, async () => {
      const queue = 'kills/queue';
      const random = seededRandom('queue-kills');
      const told: QueueAnswer[] = [];
      for (let cycle = 0; cycle < cycles; cycle++) {
        const owner = `owner-${cycle}`;
        await using child = await queueChild(stand.urlAt(stand.server.port), queue, owner);
        child.send({ do: 'work' });
        // Killed wherever it is by then: in a handler, while it settles, while a put is made durable.
        await child.reaches(5 + (random.uint32() % 60));
        await child.kill();
        told.push(...child.answers);
        expect(await store.abandon(queue, owner)).toBeLessThanOrEqual(outMax);
      }
      const handled = new Handled();
      for (const each of told) if (each.is === 'handled') handled.note(each.id, BigInt(each.token));
      // What a server's process was still at when its client was gone ends by itself.
      const options = { messagesMax: 100, leaseMs: 60_000, owner: 'last', waitMs: 2_500 };
      for (;;) {
        const messages = await store.lease(queue, options);
        if (messages.length === 0) break;
        for (const { id, token } of messages) handled.note(id, token);
        await store.settle(acknowledged(messages));
      }
      const puts = told.flatMap(each => (each.is === 'put' ? [each.id] : []));
      expect(puts.filter(id => !handled.tokens.has(id))).toEqual([]);
      expect(puts.length).toBeGreaterThan(cycles);
      expect(handled.againCount).toBeLessThanOrEqual(cycles * outMax);
      handled.expectGrowing();
    });

    test('a worker that stood still beyond its lease has lost it', { timeout: 60_000 }, async () => {
      const queue = 'stops/queue';
      await store.put([{ queue, message: { body: Buffer.from('a') } }]);
      await using child = await queueChild(stand.urlAt(stand.server.port), queue, 'slow');
      child.send({ do: 'lease', leaseMs: 200 });
      await child.reaches(2);
      child.process.kill('SIGSTOP');
      const options = { messagesMax: 1, leaseMs: 60_000, owner: 'quick', waitMs: 30_000 };
      const [second] = await store.lease(queue, options);
      expect(second).toMatchObject({ deliveryCount: 2 });
      child.process.kill('SIGCONT');
      child.send({ do: 'settle' });
      await child.reaches(3);
      const lost = { outcome: 'not-applied', reason: 'lost' };
      expect(child.answers[2]).toEqual({ is: 'settled', outcome: JSON.stringify(lost) });
      expect(await store.settle(acknowledged([second as LeasedMessage]))).toEqual([{ outcome: 'applied' }]);
    });

    test('a server that is killed under load loses nothing that it has answered for', {
      timeout: 120_000 + (isLong ? 600_000 : 0),
    }, async () => {
      const queue = 'restarts/queue';
      const put: string[] = [];
      const handled = new Handled();
      const events = new EventEmitter();
      const over = new AbortController();
      let unsureCount = 0;
      // What is not answered is put again under its id until it is.
      const produce = async (name: number): Promise<void> => {
        for (let index = 0; !over.signal.aborted; index++) {
          const id = `${name}-${index}` as MessageId;
          const message = { id, body: Buffer.from('x'), rememberMs: 600_000 };
          while ((await store.put([{ queue, message }]).catch(() => []))[0]?.outcome !== 'applied')
            await store.now().catch(() => {});
          put.push(id);
          events.emit('put');
        }
      };
      const consume = async (): Promise<void> => {
        for (;;) {
          const options = { messagesMax: 10, leaseMs: 1_000, owner: 'o', waitMs: 1_500 };
          const messages = await store.lease(queue, options).catch(() => undefined);
          // A lease whose answer was lost comes back when it ends.
          if (messages?.length === 0 && over.signal.aborted) return;
          if (messages === undefined || messages.length === 0) continue;
          for (const { id, token } of messages) handled.note(id, token);
          const results = await store.settle(acknowledged(messages)).catch(() => undefined);
          unsureCount += results?.filter(({ outcome }) => outcome !== 'applied').length ?? messages.length;
        }
      };
      const restart = async (): Promise<void> => {
        for (let cycle = 0; cycle < (isLong ? 50 : 1); cycle++) {
          const enough = put.length + 50;
          while (put.length < enough) await once(events, 'put');
          await stand.server.kill();
          await stand.server.restart();
        }
        over.abort();
      };
      await Promise.all([...[0, 1, 2, 3].map(produce), consume(), consume(), restart()]);
      expect(put.filter(id => !handled.tokens.has(id))).toEqual([]);
      expect(handled.againCount).toBeLessThanOrEqual(unsureCount);
      handled.expectGrowing();
      expect(await store.inspect.depth(queue)).toMatchObject({ readyCount: 0, leasedCount: 0 });
    });
  },
);
