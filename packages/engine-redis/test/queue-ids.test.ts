import { type MessageId, type QueueStore, seededRandom } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { RedisStand } from './redis-stand.ts';

const reason = skipReason('redis');
const acknowledge = { type: 'acknowledge' } as const;

/** Ids of these are of few groups. Some letters are several bytes, and `B` and `C` are what times and sequences begin with as doubles. */
const letters = ['B', 'C', '1', 'é', 'è', '\u{1F600}'];

/** Does one of what can be done with ids, and holds the answers to a list of those that are there and those that are remembered. */
class IdModel {
  readonly #store: QueueStore;
  readonly #queue: string;
  readonly #random: ReturnType<typeof seededRandom>;
  readonly #there = new Set<MessageId>();
  readonly #remembered = new Set<MessageId>();

  constructor(store: QueueStore, seed: number) {
    this.#store = store;
    this.#queue = `model/${seed}`;
    this.#random = seededRandom(seed);
  }

  async step(): Promise<void> {
    const kind = this.#random.below(20);
    if (kind < 11) await this.#put();
    else if (kind < 16) await this.#settle();
    else if (kind < 19) await this.#remove();
    else expect(await this.#store.inspect.purge(this.#queue)).toBe(this.#emptied());
  }

  /** An id that is found, and what should be. */
  async look(): Promise<readonly (MessageId | undefined)[]> {
    const id = this.#id();
    const found = await this.#store.inspect.get(this.#queue, id);
    return [found?.id, this.#there.has(id) ? id : undefined];
  }

  async #put(): Promise<void> {
    const puts = Array.from({ length: 1 + this.#random.below(12) }, () => ({
      queue: this.#queue,
      message: { body: Buffer.from('a'), id: this.#id(), rememberMs: this.#random.below(2) * 600_000 },
    }));
    const expected = puts.map(({ message: { id, rememberMs } }) => {
      const duplicate = this.#there.has(id) || this.#remembered.has(id);
      if (!duplicate) this.#there.add(id);
      if (!duplicate && rememberMs > 0) this.#remembered.add(id);
      return { outcome: 'applied', id, duplicate };
    });
    expect(await this.#store.put(puts)).toEqual(expected);
  }

  async #settle(): Promise<void> {
    const options = { messagesMax: 1 + this.#random.below(8), leaseMs: 600_000, owner: 'o' };
    const leases = await this.#store.lease(this.#queue, options);
    const results = await this.#store.settle(leases.map(lease => ({ lease, action: acknowledge })));
    expect(results).toEqual(leases.map(() => ({ outcome: 'applied' })));
    for (const { id } of leases) expect(this.#there.delete(id)).toBe(true);
  }

  async #remove(): Promise<void> {
    const ids = [...new Set([this.#id(), this.#id()])];
    const expected = ids.map(id => ({ outcome: 'applied', removed: this.#there.delete(id) }));
    expect(await this.#store.inspect.remove(this.#queue, ids)).toEqual(expected);
  }

  #emptied(): number {
    const { size } = this.#there;
    this.#there.clear();
    return size;
  }

  #id(): MessageId {
    const length = 1 + this.#random.below(3);
    return Array.from({ length }, () => letters[this.#random.below(letters.length)]).join('') as MessageId;
  }
}

describe.skipIf(reason !== undefined)('ids in groups (needs redis-server)', () => {
  let stand: RedisStand;
  let store: QueueStore;
  beforeAll(async () => {
    stand = await RedisStand.start();
    store = await stand.openQueues();
  });
  afterAll(() => stand[Symbol.asyncDispose]());

  test.each([1, 2, 3, 4])(
    'an id is known while its message is there or it is remembered: seed %i',
    async seed => {
      const model = new IdModel(store, seed);
      for (let step = 0; step < 150; step++) {
        await model.step();
        const [found, expected] = await model.look();
        expect(found).toBe(expected);
      }
    },
  );

  test('an id that was remembered before is remembered anew, though others of its group always were', async () => {
    const queue = 'again/queue';
    const put = (id: string, rememberMs: number): ReturnType<QueueStore['put']> =>
      store.put([{ queue, message: { body: Buffer.from('a'), id: id as MessageId, rememberMs } }]);
    const end = async (): Promise<void> => {
      const leases = await store.lease(queue, { messagesMax: 10, leaseMs: 600_000, owner: 'o' });
      await store.settle(leases.map(lease => ({ lease, action: acknowledge })));
    };
    await put('x2', 600_000);
    await put('x1', 1);
    await end();
    await vi.waitFor(async () => expect(await put('x1', 600_000)).toMatchObject([{ duplicate: false }]));
    await end();
    expect(await put('x1', 0)).toMatchObject([{ duplicate: true }]);
  });

  test('messages of several queues whose ids come in no order are answered, found and leased as they were put', async () => {
    const random = seededRandom(7);
    const numbers = Array.from({ length: 300 }, (_, index) => index);
    const puts = Array.from({ length: 300 }, (_, index) => {
      const [number] = numbers.splice(random.below(numbers.length), 1);
      // Some come twice, and not every message has an id.
      const id = `mixed-${index % 50 === 49 ? 7 : number}` as MessageId;
      const body = Buffer.from(`${index}`);
      const message = index % 20 === 19 ? { body } : { body, id, rememberMs: 600_000 };
      return { queue: `mixed/${index % 3}`, message };
    });
    const known = new Set<string>();
    const expected = puts.map(({ queue, message }) => {
      const name = message.id === undefined ? undefined : `${queue} ${message.id}`;
      const duplicate = name !== undefined && known.has(name);
      if (name !== undefined) known.add(name);
      return { outcome: 'applied', id: message.id ?? expect.stringMatching(/^~/), duplicate };
    });
    expect(await store.put(puts)).toEqual(expected);
    for (const queue of ['mixed/0', 'mixed/1', 'mixed/2']) {
      const mine = puts.filter((put, index) => put.queue === queue && expected[index]?.duplicate === false);
      for (const { message } of mine) {
        if (message.id === undefined) continue;
        expect((await store.inspect.get(queue, message.id))?.body).toEqual(new Uint8Array(message.body));
      }
      const leased = await store.lease(queue, { messagesMax: 1000, leaseMs: 600_000, owner: 'o' });
      expect(leased.map(({ body }) => Buffer.from(body).toString())).toEqual(
        mine.map(({ message }) => message.body.toString()),
      );
    }
  });
});
