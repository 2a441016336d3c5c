import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EndOutcome } from '../src/index.ts';
import { QueueStand, turn } from './queue-stand.ts';

describe('records of idempotency', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  it('let one of several messages of a key that are handled at once have its effects, and none fail', async () => {
    const [queues, others] = [stand.queues(), stand.queues()];
    await queues.producer<number>('q').sendMany([1, 2, 3]);
    const running: number[] = [];
    const outcomes: EndOutcome[] = [];
    let open = (): void => {};
    const gate = new Promise<void>(resolve => (open = resolve));
    for (const [index, each] of [queues, others].entries()) {
      each.consume<number>(
        'q',
        async message => {
          running.push(message.body);
          await gate;
          const state = [{ key: `q/effect/${message.body}`, value: new Uint8Array() }];
          const puts = [{ queue: 'q/next', message: { body: new Uint8Array() } }];
          outcomes.push(await message.ack({ state, puts }));
        },
        {
          concurrency: index + 1,
          // A second attempt would find what the first of them left.
          retry: { attemptsMax: 1 },
          idempotency: { keyOf: () => 'same', ttlMs: 60_000 },
          onEvent: event => stand.events.push(event),
        },
      );
    }
    await stand.pass(100);
    expect(running).toHaveLength(3);
    open();
    await stand.pass(1000);
    expect(outcomes).toEqual(['settled', 'settled', 'settled']);
    expect((await stand.store.state.scan('q/effect/')).items).toHaveLength(1);
    expect(await stand.count('q/next')).toBe(1);
    expect([await stand.count(), await stand.count('q/~dead')]).toEqual([0, 0]);
    expect(stand.told('failed')).toEqual([]);
  });

  it('do not take the place of an end whose own state was changed meanwhile: it is made again', async () => {
    const queues = stand.queues();
    await queues.producer<number>('q').send(1);
    const key = 'q/n';
    const ends: Promise<unknown>[] = [];
    queues.consume(
      'q',
      async message => {
        const version = (await stand.store.state.get(key))?.version ?? 0;
        if (message.attempt === 1) await stand.store.state.write({ key, value: Uint8Array.of(7) });
        const ending = message.ack({ state: [{ key, value: Uint8Array.of(message.attempt), version }] });
        ends.push(ending.catch((thrown: unknown) => thrown));
        await ending;
      },
      { retry: { delayMs: 10 }, idempotency: { ttlMs: 60_000 } },
    );
    await stand.pass(1000);
    expect(await Promise.all(ends)).toEqual([expect.objectContaining({ code: 'END_CONFLICT' }), 'settled']);
    expect((await stand.store.state.get(key))?.value).toEqual(Uint8Array.of(2));
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e300])(
    'refuse a time to live that no engine can keep: %d',
    async ttlMs => {
      const queues = stand.queues();
      expect(() => queues.consume('q', () => {}, { idempotency: { ttlMs } })).toThrow(
        new RangeError(
          `Time to live of a record of idempotency, in ms, must be above 0 and at most 31557600000000: received ${ttlMs}`,
        ),
      );
      await turn();
    },
  );
});
