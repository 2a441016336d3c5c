import { fileURLToPath } from 'node:url';
import { type QueueStore, seededRandom, sleep, systemClock } from '@quorate/core';
import { skipReason } from '@quorate/servers';
import { describe, expect, test } from 'vitest';
import { type EngineName, engines, type EngineStand, openQueueStore, startEngine } from '../engines.ts';
import { ToldProcess } from '../replication/told-process.ts';
import type { WorkerAsk, WorkerNews } from './worker.ts';

const isLong = process.env['QUORATE_LONG'] !== undefined;
/** Rounds of disturbance. */
const cycleCount = isLong ? 1000 : 6;

/** After how many of them a run says how far it is. */
const progressEvery = 50;

const queue = 'campaign/jobs';
const leaseMs = 3000;
const concurrency = 4;
const workerCount = 2;

/** What one worker may hold at most: what it handles, and what it has leased beside. */
const heldMax = 2 * concurrency;

const program = fileURLToPath(new URL('worker.ts', import.meta.url));

/** Two processes that send and handle, one of which is killed again and again; and everything that they said. */
class Campaign implements AsyncDisposable {
  readonly sent = new Set<string>();
  readonly handled = new Map<string, bigint[]>();
  /** How many handlings may have been in vain. */
  inFlightCount = 0;
  readonly #stand: EngineStand;
  readonly #workers: ToldProcess<WorkerAsk, WorkerNews>[] = [];
  readonly #unexpected: string[] = [];
  #newsCount = 0;

  constructor(stand: EngineStand) {
    this.#stand = stand;
  }

  async start(): Promise<void> {
    const { address } = this.#stand;
    const args = [JSON.stringify(address), queue, `${concurrency}`, `${leaseMs}`];
    const worker = new ToldProcess<WorkerAsk, WorkerNews>(
      [process.execPath, program, ...args],
      news => this.#hear(news),
      how => this.#unexpected.push(how),
    );
    this.#workers.push(worker);
    await worker.ready();
  }

  /** Waits until so much more was said, so that what comes next strikes anywhere in the work. */
  async saying(count: number): Promise<void> {
    const target = this.#newsCount + count;
    while (this.#newsCount < target) {
      expect(this.#unexpected).toEqual([]);
      await sleep(systemClock, 1);
    }
  }

  async kill(index: number): Promise<void> {
    const [worker] = this.#workers.splice(index, 1);
    this.inFlightCount += heldMax;
    await worker?.[Symbol.asyncDispose]();
    await this.start();
  }

  /** Has one stand still for longer than its leases last. */
  async pause(index: number): Promise<void> {
    const worker = this.#workers[index];
    this.inFlightCount += heldMax;
    await worker?.pause();
    await sleep(systemClock, 1.3 * leaseMs);
    await worker?.goOn();
  }

  async restartServer(): Promise<void> {
    const { server } = this.#stand;
    this.inFlightCount += workerCount * heldMax;
    await server?.kill();
    await server?.restart();
  }

  /** Lets them send no more, and waits until nothing is left. */
  async finish(): Promise<void> {
    for (const worker of this.#workers) {
      expect(await worker.ask('send no more', 90_000)).toBe(true);
    }
    const store = await openQueueStore(this.#stand.address);
    while ((await left(store)) > 0) {
      expect(this.#unexpected).toEqual([]);
      await sleep(systemClock, 100);
    }
    await store[Symbol.asyncDispose]();
    for (const worker of this.#workers) expect(await worker.ask('end', 90_000)).toBe(true);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(async worker => worker[Symbol.asyncDispose]()));
  }

  #hear(news: WorkerNews): void {
    this.#newsCount++;
    if (news.did === 'send') this.sent.add(news.id);
    if (news.did !== 'handle') return;
    this.handled.set(news.id, [...(this.handled.get(news.id) ?? []), BigInt(news.token)]);
  }
}

/** What is of interest of a run beside that it passed. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function left(store: QueueStore): Promise<number> {
  const { readyCount, delayedCount, leasedCount, heldCount } = await store.inspect.depth(queue);
  return readyCount + delayedCount + leasedCount + heldCount;
}

async function campaign(engine: EngineName): Promise<Campaign> {
  await using stand = await startEngine(engine);
  await using run = new Campaign(stand);
  const random = seededRandom(`queue-campaign-${engine}`);
  for (let index = 0; index < workerCount; index++) await run.start();
  for (let cycle = 1; cycle <= cycleCount; cycle++) {
    await run.saying(10 + random.below(150));
    if (cycle % 6 === 3 && stand.server !== undefined) await run.restartServer();
    else if (cycle % 6 === 5) await run.pause(random.below(workerCount));
    else await run.kill(random.below(workerCount));
    if (cycle % progressEvery === 0) say(`${cycle} cycles on ${engine}, ${run.sent.size} sent`);
  }
  await run.finish();
  return run;
}

describe('workers that are killed and stand still, and a server that is, lose nothing that was sent', () => {
  for (const { name, program: needed } of engines) {
    const reason = needed === undefined ? undefined : skipReason(needed);
    test.skipIf(reason !== undefined)(
      `on ${name} (needs it${reason === undefined ? '' : `, ${reason}`})`,
      { timeout: 120_000 + cycleCount * 20_000 },
      async () => {
        const { sent, handled, inFlightCount } = await campaign(name);
        expect([...sent].filter(id => !handled.has(id))).toEqual([]);
        expect(sent.size).toBeGreaterThan(cycleCount);
        const againCount = handled.values().reduce((sum, tokens) => sum + tokens.length - 1, 0);
        say(
          `${cycleCount} cycles on ${name}: ${sent.size} sent, ${againCount} handled again, ${inFlightCount} may have been`,
        );
        for (const tokens of handled.values()) {
          // Who stood still between its lease and its first word is heard late: the tokens tell that, not the order of the words.
          expect(new Set(tokens).size).toBe(tokens.length);
        }
        expect(againCount).toBeLessThanOrEqual(inFlightCount);
      },
    );
  }
});
