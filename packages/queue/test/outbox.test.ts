import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bytesCodec, type Outbox } from '../src/index.ts';
import { QueueStand } from './queue-stand.ts';

describe('an outbox', () => {
  let stand: QueueStand;
  beforeEach(() => {
    stand = new QueueStand();
  });
  afterEach(async () => {
    await stand.close();
    expect(stand.clock.timerCount).toBe(0);
  });

  /** A table of messages to queue `q`, by their ids. */
  const outboxOf = (table: Map<string, unknown>): Outbox<unknown> => ({
    claim: async max => [...table].slice(0, max).map(([id, body]) => ({ id, queue: 'q', body })),
    delivered: async ids => ids.forEach(id => table.delete(id)),
  });

  test('is told of what went out though it cannot take a refusal', async () => {
    const table = new Map<string, unknown>([
      ['bad', 'text'],
      ['good', new Uint8Array(1)],
    ]);
    const refused = (): Promise<void> => Promise.reject(new Error('no column for it'));
    const troubles: unknown[] = [];
    stand
      .queues({}, { codec: bytesCodec })
      .relay({ ...outboxOf(table), refused }, { onTrouble: error => troubles.push(error) });
    await stand.pass(500);
    expect([...table.keys()]).toEqual(['bad']);
    expect(troubles[0]).toMatchObject({ message: 'no column for it' });
  });

  test('with a message that can never be sent gives the others as fast as without it', async () => {
    const table = new Map<string, unknown>([['bad', 'text']]);
    for (let index = 0; index < 500; index++) table.set(`${index}`, new Uint8Array(1));
    const troubles: unknown[] = [];
    const options = { batchMax: 10, onTrouble: (error: unknown): void => void troubles.push(error) };
    stand.queues({}, { codec: bytesCodec }).relay(outboxOf(table), options);
    await stand.pass(200);
    expect([...table.keys()]).toEqual(['bad']);
    // Nor do they wait for longer and longer because of it.
    await stand.pass(120_000, 1000);
    table.set('late', new Uint8Array(1));
    await stand.pass(1100);
    expect([...table.keys()]).toEqual(['bad']);
    expect(troubles[0]).toBeInstanceOf(TypeError);
  });

  test('with more than a producer takes at a time is no trouble', async () => {
    const body = new Uint8Array(1_000_000);
    const table = new Map<string, unknown>(Array.from({ length: 70 }, (_, index) => [`${index}`, body]));
    const troubles: unknown[] = [];
    stand
      .queues({}, { codec: bytesCodec })
      .relay(outboxOf(table), { onTrouble: error => troubles.push(error) });
    await stand.pass(500);
    expect([table.size, troubles]).toEqual([0, []]);
  });

  test('that fails altogether is tried again more and more rarely', async () => {
    let claimCount = 0;
    const claim = (): Promise<never> => {
      claimCount++;
      return Promise.reject(new Error('the database is away'));
    };
    stand.queues().relay({ ...outboxOf(new Map()), claim });
    await stand.pass(300_000, 500);
    expect(claimCount).toBeLessThan(50);
  });
});
