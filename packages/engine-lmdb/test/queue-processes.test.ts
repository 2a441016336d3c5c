import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type LeasedMessage, systemRandom } from '@quorate/core';
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { StoreHost } from '../src/host/store-host.ts';
import { createLmdbQueueStore, type LmdbQueueStoreOptions } from '../src/index.ts';
import { testFolder } from './lmdb-subject.ts';
import type { QueueChildAnswer, QueueChildRole } from './queue-child.ts';

const folder = testFolder();
afterAll(() => folder[Symbol.dispose]());

const queue = 'jobs/a';
const cycles = process.env['QUORATE_LONG'] === undefined ? 6 : 1000;

class Child {
  readonly process: ChildProcess;
  readonly answers: QueueChildAnswer[] = [];
  readonly #gone: Promise<unknown>;

  constructor(role: QueueChildRole, options: LmdbQueueStoreOptions, from = 0) {
    const args = [role, JSON.stringify(options), queue, `${from}`];
    this.process = fork(new URL('./queue-child.ts', import.meta.url), args);
    this.process.on('message', (answer: QueueChildAnswer) => this.answers.push(answer));
    this.#gone = Promise.all([once(this.process, 'exit'), once(this.process, 'disconnect')]);
    onTestFinished(() => this.kill());
  }

  /** Until it has told so many things of a kind. */
  async told(is: QueueChildAnswer['is'], count = 1): Promise<void> {
    while (this.answers.filter(answer => answer.is === is).length < count) {
      if (this.process.exitCode !== null) throw new Error(`The child ended before "${is}"`);
      await Promise.race([once(this.process, 'message'), this.#gone]);
    }
  }

  /** What messages say that it told of. */
  numbers(is: 'putting' | 'put' | 'leased' | 'settled'): number[] {
    return this.answers.flatMap(answer => (answer.is === is ? answer.numbers : []));
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.#gone;
  }
}

const numberOf = ({ body }: LeasedMessage): number => Number(Buffer.from(body).toString());

describe.each(['thread', 'inline'] as const)('a process that is killed, with commits of %s', commit => {
  test('gives its messages back at once, long before its leases end', async () => {
    const options = { path: folder.fresh(), commit };
    await using store = await createLmdbQueueStore(options);
    await store.put([{ queue, message: { body: Buffer.from('7') } }]);
    const holder = new Child('hold', options, 600_000);
    await holder.told('leased');
    const waiting = store.lease(queue, { messagesMax: 1, leaseMs: 600_000, owner: 'next', waitMs: 60_000 });
    await holder.kill();
    const [message] = await waiting;
    expect([numberOf(message!), message!.deliveryCount]).toEqual([7, 2]);
  });

  test('gives them back also where whoever heard of its death first could not write that down', async () => {
    const options = { path: folder.fresh(), commit };
    await using store = await createLmdbQueueStore(options);
    await store.put([{ queue, message: { body: Buffer.from('7') } }]);
    const holder = new Child('hold', options, 600_000);
    await holder.told('leased');
    const real = Reflect.get(StoreHost.prototype, 'ask') as StoreHost['ask'];
    const asking = vi.spyOn(StoreHost.prototype, 'ask');
    onTestFinished(() => asking.mockRestore());
    const heard = new Promise(resolve => {
      asking.mockImplementation(async function (this: StoreHost, request, signal) {
        if (request.type !== 'end-host') return real.call(this, request, signal);
        resolve(asking.mockRestore());
        throw new Error('The writer is gone');
      });
    });
    const waiting = store.lease(queue, { messagesMax: 1, leaseMs: 600_000, owner: 'next', waitMs: 60_000 });
    await holder.kill();
    await heard;
    expect((await waiting).map(numberOf)).toEqual([7]);
  });

  test('loses nothing that was put, and duplicates no more than it had in hand, while it puts, handles or settles', {
    timeout: 60_000 + cycles * 5000,
  }, async () => {
    const options = { path: folder.fresh(), commit };
    await using store = await createLmdbQueueStore(options);
    const resolved = new Set<number>();
    const begun = new Set<number>();
    const settled: number[] = [];
    const handed = new Set<number>();
    let inHand = 0;
    let last = 0n;
    for (let cycle = 0; cycle < cycles; cycle++) {
      const producer = new Child('produce', options, cycle * 1_000_000);
      const worker = new Child('work', options);
      await Promise.all([producer.told('put', 3), worker.told('settled', 1 + (systemRandom.uint32() % 8))]);
      // Somewhere in the middle of whatever they are doing.
      for (let turn = systemRandom.uint32() % 20; turn > 0; turn--) await new Promise(setImmediate);
      await (cycle % 2 === 0 ? producer.kill() : worker.kill());
      await (cycle % 2 === 0 ? worker.kill() : producer.kill());
      for (const number of producer.numbers('put')) resolved.add(number);
      for (const number of producer.numbers('putting')) begun.add(number);
      for (const number of worker.numbers('leased')) handed.add(number);
      settled.push(...worker.numbers('settled'));
      inHand += worker.numbers('leased').length - worker.numbers('settled').length + 5;
      for (const answer of worker.answers) {
        if (answer.is === 'settled') expect(new Set(answer.outcomes)).toEqual(new Set(['applied']));
        if (answer.is !== 'leased') continue;
        for (const token of answer.tokens.map(BigInt)) {
          expect(token > last).toBe(true);
          last = token;
        }
      }
    }
    const left: number[] = [];
    for (;;) {
      const some = await store.lease(queue, {
        messagesMax: 1000,
        leaseMs: 600_000,
        owner: 'rest',
        waitMs: 300,
      });
      // Those of the last worker come back when its death is known.
      if (some.length === 0 && (await store.inspect.depth(queue)).leasedCount === 0) break;
      left.push(...some.map(numberOf));
      await store.settle(some.map(lease => ({ lease, action: { type: 'acknowledge' } })));
    }
    const seen = new Set([...settled, ...left]);
    // What was settled without a word of it is gone too: at most what the killed had in hand.
    const missing = [...resolved].filter(number => !seen.has(number));
    expect(missing.length).toBeLessThanOrEqual(inHand);
    expect(missing.filter(number => !handed.has(number))).toEqual([]);
    for (const number of seen) expect(begun.has(number)).toBe(true);
    expect(new Set(left).size).toBe(left.length);
    const both = left.filter(number => settled.includes(number));
    expect(both).toEqual([]);
  });
});

test('a process that is stopped past its lease has lost what it holds', async () => {
  const options = { path: folder.fresh() };
  await using store = await createLmdbQueueStore(options);
  await store.put([{ queue, message: { body: Buffer.from('7') } }]);
  const holder = new Child('hold', options, 500);
  await holder.told('leased');
  holder.process.kill('SIGSTOP');
  const [message] = await store.lease(queue, {
    messagesMax: 1,
    leaseMs: 600_000,
    owner: 'next',
    waitMs: 60_000,
  });
  expect(message?.deliveryCount).toBe(2);
  holder.process.kill('SIGCONT');
  holder.process.send('go on');
  await holder.told('settled');
  expect(holder.answers.at(-1)).toMatchObject({ is: 'settled', outcomes: ['lost'] });
  expect(await store.settle([{ lease: message!, action: { type: 'acknowledge' } }])).toEqual([
    { outcome: 'applied' },
  ]);
});
