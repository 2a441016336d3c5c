import { FaultyQueueStore, type QueueFaults } from '@quorate/conformance';
import { type Random, sleep } from '@quorate/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createQueues, type Message, type Queues } from '../src/index.ts';
import { QueueStand, turn } from './queue-stand.ts';

const attemptsMax = 6;
const keys = ['', '', 'a', 'b', 'c'];

interface Sendable {
  readonly key: string;
  readonly number: number;
}

/** What handlers of all processes did. */
class Account {
  readonly startsOfKey = new Map<string, number[]>();
  readonly attempts = new Map<number, number[]>();
  /** Whose handlers came to their end. */
  readonly handled = new Set<number>();
  readonly acknowledged = new Set<number>();

  start({ body: { key, number }, attempt }: Message<Sendable>): void {
    if (key !== '') this.startsOfKey.set(key, [...(this.startsOfKey.get(key) ?? []), number]);
    this.attempts.set(number, [...(this.attempts.get(number) ?? []), attempt]);
  }
}

/** One process: it can be killed, and then nothing more is heard of it. */
class Process {
  readonly faults: QueueFaults;
  readonly queues: Queues;
  isDead = false;

  constructor(stand: QueueStand, random: Random, lost: number, account: Account) {
    this.faults = {
      random: random.fork('faults'),
      lost,
      refused: lost,
      capabilities: { crossProcess: true },
    };
    this.faults.before = () => (this.isDead ? new Promise<void>(() => {}) : undefined);
    const store = new FaultyQueueStore(stand.store.open(), this.faults, stand.clock);
    this.queues = createQueues({ store, clock: stand.clock, random: random.fork('queues') });
    const fates = random.fork('fates');
    this.queues.consume<Sendable>(
      'q',
      async message => {
        account.start(message);
        await sleep(stand.clock, fates.below(4) === 0 ? fates.below(3000) : fates.below(50));
        if (this.isDead) return new Promise(() => {});
        if (fates.below(4) === 0) throw new Error('not this time');
        account.handled.add(message.body.number);
        const outcome = await message.ack();
        if (outcome === 'settled') account.acknowledged.add(message.body.number);
        return undefined;
      },
      {
        concurrency: 1 + fates.below(5),
        prefetch: fates.below(6),
        leaseMs: 1000,
        retry: { attemptsMax, delayMs: 200 },
        graceMs: 0,
      },
    );
  }
}

/** Sends, kills and restarts at random, then lets everything end without any fault. */
async function history(
  seed: number,
  lost: number,
): Promise<{ account: Account; sent: Sendable[]; dead: number[] }> {
  const stand = new QueueStand(seed);
  const random = stand.random.fork('history');
  const account = new Account();
  const sender = new FaultyQueueStore(
    stand.store.open(),
    { random: random.fork('sender'), lost, capabilities: { crossProcess: true } },
    stand.clock,
  );
  const sending = createQueues({ store: sender, clock: stand.clock, random: random.fork('sending') });
  const producer = sending.producer<Sendable>('q');
  const all: Process[] = [];
  const sent: Sendable[] = [];
  const sends: Promise<unknown>[] = [];
  const start = (): void =>
    void all.push(new Process(stand, random.fork(`process ${all.length}`), lost, account));
  start();
  start();
  for (let number = 0; number < 30; number++) {
    const key = keys[random.below(keys.length)] as string;
    sent.push({ key, number });
    sends.push(producer.send({ key, number }, key === '' ? {} : { key }));
    if (random.below(3) === 0) await stand.pass(random.below(400));
    if (random.below(8) === 0) {
      (all[random.below(all.length)] as Process).isDead = true;
      start();
    }
  }
  await stand.until(Promise.all(sends));
  for (const { faults } of all) Object.assign(faults, { lost: 0, refused: 0 });
  start();
  // Faults off, everything ends: what the dead held comes back when its lease ends.
  for (let passedMs = 0; passedMs < 120_000 && (await stand.count()) > 0; passedMs += 500)
    await stand.pass(500);
  expect(await stand.count()).toBe(0);
  const dead = await stand.store.inspect.messages('q/~dead', { limit: 1000 });
  const numbers = dead.items.map(
    ({ body }) => (JSON.parse(new TextDecoder().decode(body)) as Sendable).number,
  );
  await stand.until(
    Promise.all([sending, ...all.map(({ queues }) => queues)].map(each => each[Symbol.asyncDispose]())),
  );
  await stand.close();
  await turn();
  return { account, sent, dead: numbers };
}

function check({ account, sent, dead }: Awaited<ReturnType<typeof history>>, isStrict: boolean): void {
  for (const { number } of sent) {
    // Each was handled or given up; whether its process heard of the acknowledgement or not.
    expect(dead.includes(number) || account.handled.has(number)).toBe(true);
    const attempts = account.attempts.get(number) ?? [];
    expect(Math.max(0, ...attempts)).toBeLessThanOrEqual(attemptsMax);
    for (const [index, attempt] of attempts.slice(1).entries()) {
      const before = attempts[index] as number;
      if (isStrict) expect(attempt).toBeGreaterThan(before);
      else expect(attempt).toBeGreaterThanOrEqual(before);
    }
  }
  expect(new Set(dead).size).toBe(dead.length);
  for (const number of dead) expect(account.acknowledged.has(number)).toBe(false);
  // Strict order: nothing of a key starts before what came earlier has ended, and so that never starts again.
  for (const starts of account.startsOfKey.values()) {
    expect(starts).toEqual(starts.toSorted((one, other) => one - other));
  }
}

describe('a history of sends, kills, ended leases and retries', () => {
  const numRuns = process.env['QUORATE_LONG'] === undefined ? 25 : 1000;

  it('loses nothing, keeps the order of each key and counts attempts', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => check(await history(seed, 0), true)),
      { numRuns },
    );
  });

  it('and also where answers are lost and calls refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), async seed => check(await history(seed, 0.1), false)),
      { numRuns },
    );
  });
});
