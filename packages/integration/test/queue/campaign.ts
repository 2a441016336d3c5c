import { fileURLToPath } from 'node:url';
import { invariant, QuorateError, type QueueStore, type Random, sleep, systemClock } from '@quorate/core';
import { type EngineStand, openQueueStore } from '../engines.ts';
import { ToldProcess } from '../replication/told-process.ts';
import type { WorkerAsk, WorkerNews } from './worker.ts';

const queue = 'campaign/jobs';
const leaseMs = 3000;
const concurrency = 4;
export const workerCount = 2;

/** How long a worker may take to answer. */
const askMs = 90_000;

/** What one worker may hold at most: what it handles, and what it has leased beside. */
const heldMax = 2 * concurrency;

/** So many messages wait at most, give or take those that are on their way: more is sent when half of them are handled. */
const waitingMax = 4000;

/** The most rounds that are added until a kill has struck in each way. */
const addedMax = 60;

const program = fileURLToPath(new URL('worker.ts', import.meta.url));

/** What a kill may strike: what a worker had begun, and nobody heard the end of. */
export type Moment = 'send' | 'handler' | 'settle';

export const moments: readonly Moment[] = ['handler', 'settle', 'send'];

/** What each word of a worker begins. */
const begins: Readonly<Record<WorkerNews['did'], Moment | undefined>> = {
  begin: 'send',
  send: undefined,
  handle: 'handler',
  end: 'settle',
  settle: undefined,
};

/** A start of a handler, in the order in which they were heard. */
export interface Handling {
  readonly id: string;
  readonly token: bigint;
  /** During or before which disturbance: counted from 0. */
  readonly cycle: number;
}

/** A process that sends and handles, and what it has begun. */
interface Worker {
  readonly process: ToldProcess<WorkerAsk, WorkerNews>;
  readonly open: Map<string, Moment>;
}

/** A kill that waits for its moment. */
interface Aim {
  readonly moment: Moment;
  strike(worker: Worker): void;
}

/** Processes that send and handle, which are killed and stand still again and again, and everything that they said. */
export class Campaign implements AsyncDisposable {
  readonly sent = new Set<string>();
  readonly handlings: Handling[] = [];
  /** The tokens under which messages were acknowledged, and that was answered. */
  readonly settled = new Map<string, bigint>();
  /** How many handlings each disturbance may have made vain. */
  readonly vainMax: number[] = [];
  /** How many of the kills struck each of these, one or more of them. */
  readonly struck: Record<Moment, number> = { send: 0, handler: 0, settle: 0 };
  killCount = 0;
  readonly #stand: EngineStand;
  readonly #random: Random;
  readonly #workers: Worker[] = [];
  readonly #unexpected: string[] = [];
  /** What a handler has begun with. */
  readonly #handled = new Set<string>();
  /** How many were sent and not begun with. */
  #waitingCount = 0;
  #isResting = false;
  #newsCount = 0;
  #aim: Aim | undefined;

  constructor(stand: EngineStand, random: Random) {
    this.#stand = stand;
    this.#random = random;
  }

  async start(): Promise<void> {
    const { address } = this.#stand;
    const args = [JSON.stringify(address), queue, `${concurrency}`, `${leaseMs}`];
    const worker: Worker = {
      open: new Map(),
      process: new ToldProcess<WorkerAsk, WorkerNews>(
        [process.execPath, program, ...args],
        news => this.#hear(worker, news),
        how => this.#unexpected.push(how),
      ),
    };
    this.#workers.push(worker);
    await worker.process.ready();
    if (this.#isResting) void worker.process.ask('rest', askMs);
  }

  /**
   * Kills workers so many times, and has the server restarted and a worker stand still once in four kills each; then goes on until
   * kills have struck in each way.
   *
   * @param onCycle told how many disturbances there were
   */
  async disturb(killCount: number, onCycle: (count: number) => void): Promise<void> {
    const isDone = (): boolean =>
      this.killCount >= killCount &&
      (moments.every(moment => this.struck[moment] > 0) || this.killCount >= killCount + addedMax);
    for (let cycle = 1; !isDone(); cycle++) {
      await this.#saying(15 + this.#random.below(250));
      if (cycle % 6 === 3 && this.#stand.server !== undefined) await this.#restartServer();
      else if (cycle % 6 === 5) await this.#pause(this.#random.below(workerCount));
      else await this.#kill(moments[this.killCount % (moments.length + 1)]);
      onCycle(cycle);
    }
  }

  /** Lets them send no more, and waits until nothing is left. */
  async finish(): Promise<void> {
    for (const { process } of this.#workers) {
      invariant((await process.ask('send no more', askMs)) === true, 'a worker sends no more');
    }
    const store = await openQueueStore(this.#stand.address);
    while ((await left(store)) > 0) {
      this.#expectNobodyEnded();
      await sleep(systemClock, 100);
    }
    await store[Symbol.asyncDispose]();
    for (const { process } of this.#workers) {
      invariant((await process.ask('end', askMs)) === true, 'a worker ends in order');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map(async ({ process }) => process[Symbol.asyncDispose]()));
  }

  /** Waits until so much more was said, so that what comes next strikes anywhere in the work. */
  async #saying(count: number): Promise<void> {
    const target = this.#newsCount + count;
    while (this.#newsCount < target) {
      this.#expectNobodyEnded();
      await sleep(systemClock, 1);
    }
  }

  /** Kills one at such a moment, as soon as one says that it has come; or any at any. */
  async #kill(moment: Moment | undefined): Promise<void> {
    const worker = moment === undefined ? this.#anyWorker() : await this.#inThe(moment);
    const ended = worker.process.kill();
    this.#workers.splice(this.#workers.indexOf(worker), 1);
    this.vainMax.push(heldMax);
    this.killCount++;
    await ended;
    // Its last words are heard by the time another is ready.
    await this.start();
    for (const each of moments) {
      if (worker.open.values().some(open => open === each)) this.struck[each]++;
    }
  }

  #inThe(moment: Moment): Promise<Worker> {
    return new Promise(resolve => {
      this.#aim = {
        moment,
        strike: worker => {
          this.#aim = undefined;
          // Before it can do any more.
          void worker.process.kill();
          resolve(worker);
        },
      };
    });
  }

  /** Has one stand still for longer than its leases last. */
  async #pause(index: number): Promise<void> {
    const { process } = this.#workers[index] as Worker;
    await process.pause();
    await sleep(systemClock, 1.3 * leaseMs);
    await process.goOn();
    this.vainMax.push(heldMax);
  }

  async #restartServer(): Promise<void> {
    const { server } = this.#stand;
    await server?.kill();
    await server?.restart();
    this.vainMax.push(workerCount * heldMax);
  }

  #anyWorker(): Worker {
    return this.#workers[this.#random.below(workerCount)] as Worker;
  }

  #expectNobodyEnded(): void {
    invariant(this.#unexpected.length === 0, `a worker ${this.#unexpected.join()}`);
  }

  #hear(worker: Worker, news: WorkerNews): void {
    this.#newsCount++;
    const moment = begins[news.did];
    if (moment === undefined) worker.open.delete(news.id);
    else worker.open.set(news.id, moment);
    if (news.did === 'send') {
      this.sent.add(news.id);
      if (!this.#handled.has(news.id)) this.#waitingCount++;
    } else if (news.did === 'handle') {
      this.handlings.push({ id: news.id, token: BigInt(news.token), cycle: this.vainMax.length });
      if (this.sent.has(news.id) && !this.#handled.has(news.id)) this.#waitingCount--;
      this.#handled.add(news.id);
    } else if (news.did === 'settle') this.settled.set(news.id, BigInt(news.token));
    if (this.#aim !== undefined && this.#aim.moment === moment) this.#aim.strike(worker);
    this.#pace();
  }

  /** Workers that send faster than they handle rest for a while: what waits is read by each new one on some engines. */
  #pace(): void {
    const isResting = this.#waitingCount > (this.#isResting ? waitingMax / 2 : waitingMax);
    if (isResting === this.#isResting) return;
    this.#isResting = isResting;
    for (const { process } of this.#workers) void process.ask(isResting ? 'rest' : 'send', askMs);
  }
}

/** How many messages are not over. What may be asked again is, for a busy machine answers late; a test has its time. */
async function left(store: QueueStore): Promise<number> {
  for (;;) {
    try {
      const { readyCount, delayedCount, leasedCount, heldCount } = await store.inspect.depth(queue);
      return readyCount + delayedCount + leasedCount + heldCount;
    } catch (thrown) {
      if (!(thrown instanceof QuorateError) || !thrown.retryable) throw thrown;
      await sleep(systemClock, 100);
    }
  }
}
