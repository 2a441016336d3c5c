import type { QueueFaults } from '@quorate/conformance';
import type { MessageId, WaitOptions } from '@quorate/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConsumeOptions, Consumer, EndOutcome, Message } from '../src/index.ts';
import { QueueStand } from './queue-stand.ts';

/** What holds up calls of one name until it is opened. */
function gateOf(call: string): { readonly faults: QueueFaults; readonly open: () => void } {
  let open = (): void => {};
  const gate = new Promise<void>(resolve => (open = resolve));
  return { faults: { before: name => (name === call ? gate : undefined) }, open };
}

type End = (message: Message, options: WaitOptions) => Promise<EndOutcome>;

const ends: readonly (readonly [name: string, end: End])[] = [
  ['an acknowledgement', (message, options) => message.ack({}, options)],
  ['a retry', (message, options) => message.retry({ delayMs: 60_000, ...options })],
  ['a dead letter', (message, options) => message.deadLetter('no', options)],
];

describe('waits of a consumer', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  /** The first message of a queue that has one. */
  async function first(consumer: Consumer<string>): Promise<Message<string>> {
    await stand.put(['"a"']);
    return (await stand.until(consumer.next())).value as Message<string>;
  }

  describe.each(ends)('for %s', (_, end) => {
    it('are given up by signal and deadline, and it ends all the same', async () => {
      const { faults, open } = gateOf('settle');
      const message = await first(stand.queues(faults).consumer<string>('q'));
      const controller = new AbortController();
      const waits = [
        end(message, { deadlineMs: 500 }),
        end(message, { signal: controller.signal }),
        end(message, {}),
      ];
      const settled = Promise.allSettled(waits);
      await stand.pass(100);
      controller.abort();
      await stand.pass(1000);
      open();
      expect(await stand.until(settled)).toMatchObject([
        { reason: { code: 'DEADLINE_EXCEEDED', outcome: 'unknown' } },
        { reason: { code: 'ABORTED', outcome: 'unknown' } },
        { value: 'settled' },
      ]);
      expect((await stand.store.inspect.depth('q')).leasedCount).toBe(0);
    });

    it('that were over before say nothing', async () => {
      const message = await first(stand.queues().consumer<string>('q'));
      const over = { code: 'ABORTED', outcome: 'not-applied' };
      await expect(end(message, { signal: AbortSignal.abort() })).rejects.toMatchObject(over);
      await stand.pass(1000);
      expect((await stand.store.inspect.depth('q')).leasedCount).toBe(1);
      expect(await stand.until(message.ack())).toBe('settled');
      expect([await stand.count(), await stand.count('q/~dead')]).toEqual([0, 0]);
    });
  });

  describe('for a message', () => {
    const options: ConsumeOptions = {
      onEvent: event => stand.events.push(event),
      concurrency: 1,
      prefetch: 0,
      leaseMs: 1000,
    };

    const left = () => stand.store.inspect.get('q', '"a"' as MessageId);

    /** A consumer for whom a message is on its way whose call was given up meanwhile. */
    async function givenUp(): Promise<Consumer<string>> {
      const { faults, open } = gateOf('extend');
      await stand.put(['"a"']);
      const consumer = stand.queues(faults).consumer<string>('q', options);
      const controller = new AbortController();
      const asking = consumer.next({ signal: controller.signal });
      asking.catch(() => {});
      await stand.pass(100);
      controller.abort();
      await expect(asking).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-applied' });
      open();
      await stand.pass(100);
      return consumer;
    }

    it('are given up by deadline and signal, and it is there for the next', async () => {
      const queues = stand.queues();
      const consumer = queues.consumer<string>('q');
      const [signal, over] = [AbortSignal.abort(), { outcome: 'not-applied' }];
      await expect(consumer.next({ deadlineMs: 0 })).rejects.toMatchObject(over);
      await expect(consumer.next({ signal })).rejects.toMatchObject({ ...over, code: 'ABORTED' });
      const asking = consumer.next({ deadlineMs: 500 });
      asking.catch(() => {});
      await stand.pass(600);
      await expect(asking).rejects.toMatchObject({ ...over, code: 'DEADLINE_EXCEEDED' });
      const message = await first(consumer);
      expect([message.body, message.attempt, message.deliveryCount]).toEqual(['a', 1, 1]);
      await stand.until(message.ack());
    });

    it('hold what came for one that was given up, for the next', async () => {
      const consumer = await givenUp();
      const { value } = await consumer.next({ deadlineMs: 1 });
      expect([value?.body, value?.attempt]).toEqual(['a', 1]);
      expect(await stand.until(value?.ack() as Promise<EndOutcome>)).toBe('settled');
    });

    it.each<[string, (consumer: Consumer<string>) => Promise<unknown>]>([
      ['drained', consumer => consumer.drain()],
      ['closed', consumer => consumer.return?.() as Promise<unknown>],
    ])('give back what nobody asked for again, uncharged, where it is %s', async (_, close) => {
      const consumer = await givenUp();
      expect(await left()).toMatchObject({ state: 'leased', attemptCount: 1 });
      await stand.until(close(consumer));
      expect(await left()).toMatchObject({ state: 'ready', attemptCount: 0, deliveryCount: 1 });
      expect(stand.told('failed')).toEqual([]);
      expect(await consumer.next({ deadlineMs: 1 })).toEqual({ done: true, value: undefined });
    });

    it('do not hand out what was lost while nobody asked', async () => {
      const consumer = await givenUp();
      await stand.abandonAll();
      const thief = { messagesMax: 1, leaseMs: 60_000, owner: 'thief' };
      expect(await stand.store.lease('q', thief)).toHaveLength(1);
      await stand.pass(2000);
      const asking = consumer.next({ deadlineMs: 1000 });
      asking.catch(() => {});
      await stand.pass(1100);
      await expect(asking).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    });
  });
});
