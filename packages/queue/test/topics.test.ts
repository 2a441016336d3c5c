import type { QueueFaults } from '@quorate/conformance';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesCodec, type Queues } from '../src/index.ts';
import { QueueStand, turn } from './queue-stand.ts';

describe('beside producers and consumers', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  describe('dead letters', () => {
    const kill = async (queues: Queues, bodies: readonly string[], key?: string): Promise<void> => {
      await queues
        .producer<string>('q')
        .sendMany(bodies, body => ({ id: body, ...(key !== undefined && { key }) }));
      const work = queues.consume('q', () => Promise.reject(new Error('never')), {
        retry: { attemptsMax: 1 },
        concurrency: 10,
      });
      await stand.pass(500);
      await stand.until(work.drain());
    };

    it('go back one by one, all, and page by page; what dies anew stays', async () => {
      const queues = stand.queues();
      await kill(queues, ['a', 'b', 'c', 'd', 'e']);
      const dead = queues.deadLetters<string>('q');
      const page = await dead.list({ limit: 2 });
      expect(page.items.map(({ body }) => body)).toHaveLength(2);
      expect((await dead.list({ limit: 10, cursor: page.cursor as string })).items).toHaveLength(3);
      expect(await dead.redrive(['c', 'nothing'])).toBe(1);
      expect((await stand.store.inspect.messages('q')).items).toMatchObject([{ id: 'c', attemptCount: 0 }]);
      expect(await dead.get('c')).toBeUndefined();
      expect(await dead.redriveAll({ max: 1 })).toBe(1);
      expect(await dead.redriveAll()).toBe(3);
      expect(await stand.count()).toBe(5);
      await kill(queues, []);
      expect(await dead.remove(['a', 'b'])).toBe(2);
      expect(await dead.purge()).toBe(3);
    });

    it('say so where nobody knows whether they were taken out, and are not put back twice then', async () => {
      const faults: QueueFaults = { random: { ...stand.random, float: () => 0.9 } };
      const queues = stand.queues(faults);
      // Behind another of its key it cannot be leased, so it is put and then removed.
      await kill(queues, ['z', 'a'], 'k');
      const dead = queues.deadLetters('q');
      faults.before = call => {
        faults.lost = call === 'remove' ? 1 : 0;
        return undefined;
      };
      const unknown = { code: 'UNAVAILABLE', outcome: 'unknown', retryable: true };
      await expect(dead.remove(['a'])).rejects.toMatchObject(unknown);
      await expect(dead.redrive(['a'])).rejects.toMatchObject(unknown);
      expect([await stand.count(), await stand.count('q/~dead')]).toEqual([1, 2]);
      delete faults.before;
      faults.lost = 0;
      expect(await dead.redrive(['a'])).toBe(1);
      expect([await stand.count(), await stand.count('q/~dead')]).toEqual([1, 1]);
    });

    it('go back although their ids are remembered', async () => {
      const queues = stand.queues({ capabilities: { crossProcess: true } });
      await kill(queues, ['a']);
      expect(await queues.deadLetters('q').redrive(['a'])).toBe(1);
      expect(await stand.count()).toBe(1);
      expect(await stand.count('q/~dead')).toBe(0);
    });

    it('go back to another queue, and those of one key together', async () => {
      const queues = stand.queues();
      await kill(queues, ['a', 'b', 'c'], 'k');
      const dead = queues.deadLetters<string>('q');
      expect(await dead.redrive(['b'], { to: 'q/other' })).toBe(1);
      expect(await stand.count('q/other')).toBe(1);
      expect(await dead.redriveAll()).toBe(2);
      expect(await stand.count()).toBe(2);
    });
  });

  describe('topics', () => {
    it('give each message to every subscription that was there before', async () => {
      const sent: string[] = [];
      const queues = stand.queues({ sent });
      const topic = queues.topic<string>('news');
      expect(await topic.publish('nobody')).toMatchObject({ subscriptionCount: 0, id: undefined });
      const mail = await topic.subscribe('mail');
      const audit = await topic.subscribe('audit');
      expect(await topic.subscribe('mail')).toEqual(mail);
      sent.length = 0;
      const published = await Promise.all([topic.publish('one'), topic.publish('two')]);
      expect(published).toMatchObject([{ subscriptionCount: 2 }, { subscriptionCount: 2 }]);
      expect(sent).toEqual(['state.scan', 'put']);
      const seen: string[] = [];
      for (const { name, queue } of [mail, audit])
        queues.consume<string>(queue, ({ body }) => seen.push(`${name} ${body}`));
      await stand.pass(200);
      expect(seen.sort()).toEqual(['audit one', 'audit two', 'mail one', 'mail two']);
    });

    it('find a subscription also where there may be no more', async () => {
      const topic = stand.queues().topic<string>('news');
      for (let index = 0; index < 500; index++) {
        const value = new TextEncoder().encode(
          JSON.stringify({ name: `s${index}`, queue: `news/~to/s${index}~1` }),
        );
        await stand.store.state.write({ key: `news/~subscriptions/s${index}`, value });
      }
      expect((await topic.subscribe('s7')).queue).toBe('news/~to/s7~1');
      await expect(topic.subscribe('one more')).rejects.toThrow(
        'Subscriptions of topic "news" must be at most 500: there are 500',
      );
    });

    it('leave nothing of a subscription that is ended, not even what was on its way', async () => {
      let open = (): void => {};
      const faults: QueueFaults = {};
      const queues = stand.queues(faults);
      const topic = queues.topic<string>('news');
      const mail = await topic.subscribe('mail');
      const gate = new Promise<void>(resolve => (open = resolve));
      faults.before = call => (call === 'put' ? gate : undefined);
      const publishing = topic.publish('late');
      await turn();
      expect(await topic.unsubscribe('mail')).toBe(true);
      expect(await topic.unsubscribe('mail')).toBe(false);
      open();
      await publishing;
      expect(await stand.count(mail.queue)).toBe(1);
      const again = await topic.subscribe('mail');
      expect(again.queue).not.toBe(mail.queue);
      await topic.publish('next');
      await turn();
      expect(await stand.count(mail.queue)).toBe(0);
      expect(await stand.count(again.queue)).toBe(1);
    });
  });

  describe('outbox', () => {
    it('sends what stands in it once, although it is claimed again', async () => {
      const queues = stand.queues();
      const table = new Map([
        ['1', 'a'],
        ['2', 'b'],
        ['3', 'c'],
      ]);
      const handled: string[] = [];
      queues.consume<string>('q', ({ id }) => handled.push(id));
      let failures = 2;
      const troubles: unknown[] = [];
      const relay = queues.relay<string>(
        {
          claim: async max =>
            [...table].slice(0, Math.min(max, 2)).map(([id, body]) => ({ id, queue: 'q', body, key: 'k' })),
          delivered: async ids => {
            if (failures-- > 0) throw new Error('the database is away');
            for (const id of ids) table.delete(id);
          },
        },
        { onTrouble: error => troubles.push(error) },
      );
      await stand.pass(3000);
      expect(table.size).toBe(0);
      expect(troubles).toHaveLength(2);
      // Each had been handled by the time it was claimed again.
      expect(handled).toEqual(['1', '2', '3']);
      table.set('4', 'd');
      relay.wake();
      await stand.pass(100);
      expect(handled).toEqual(['1', '2', '3', '4']);
    });

    it('tells of what can never be sent, and goes on', async () => {
      const queues = stand.queues({}, { codec: bytesCodec });
      const table = new Map<string, unknown>([
        ['bad', 'text'],
        ['good', new Uint8Array(1)],
      ]);
      const refused: string[] = [];
      queues.relay<unknown>({
        claim: async () => [...table].map(([id, body]) => ({ id, queue: 'q', body })),
        delivered: async ids => ids.forEach(id => table.delete(id)),
        refused: async id => {
          refused.push(id);
          table.delete(id);
        },
      });
      await stand.pass(1000);
      expect(refused).toEqual(['bad']);
      expect(await stand.count()).toBe(1);
    });
  });
});
