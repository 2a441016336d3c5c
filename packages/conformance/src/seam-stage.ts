import { boundedWait, type Clock, errorCode, type Random, sleep } from '@quorate/core';
import type { StageOptions } from './seam-case.ts';

/** The parts of a subject that a stage works with, whatever the seam. */
interface StagedSubject<Client, ClientOptions> {
  readonly clock: Clock;
  readonly random: Random;
  readonly patienceMs?: number;
  open(options?: ClientOptions): Promise<Client>;
}

/** An engine's client, of any seam. */
interface SeamClient extends AsyncDisposable {
  readonly capabilities: unknown;
}

/** What one case works with: clients that are disposed of afterwards, names of its own, and waits that end. */
export class SeamStage<
  Client extends SeamClient,
  ClientOptions,
  Subject extends StagedSubject<Client, ClientOptions>,
> implements AsyncDisposable
{
  readonly subject: Subject;
  /** How long what is to end in the case lives: a session, a lease, a delay. */
  readonly ttlMs: number;
  readonly #stillness: StageOptions['stillness'];
  readonly #clients: Client[] = [];

  constructor(subject: Subject, { ttlMs, stillness }: StageOptions) {
    this.subject = subject;
    this.ttlMs = ttlMs;
    this.#stillness = stillness;
  }

  get clock(): Clock {
    return this.subject.clock;
  }

  get random(): Random {
    return this.subject.random;
  }

  /** The first client. */
  get store(): Client {
    return this.#clients[0] as Client;
  }

  get capabilities(): Client['capabilities'] {
    return this.store.capabilities;
  }

  /** Opens one more client. */
  async open(options?: ClientOptions): Promise<Client> {
    const client = await this.within('a client is opened', this.subject.open(options));
    this.#clients.push(client);
    return client;
  }

  /** The name of a partition that nobody has used. */
  partition(): string {
    const words = [0, 1].map(() => this.random.uint32().toString(16).padStart(8, '0'));
    return `case-${words.join('')}`;
  }

  /** Waits, and throws where it takes longer than the subject's patience. */
  async within<Result>(what: string, wait: PromiseLike<Result>): Promise<Result> {
    const patienceMs = Math.max(this.subject.patienceMs ?? 10_000, 5 * this.ttlMs);
    try {
      return await boundedWait(this.clock, { deadlineMs: patienceMs }, 'unknown', async () => wait);
    } catch (thrown) {
      if (errorCode(thrown) !== 'DEADLINE_EXCEEDED' || (await isOver(wait))) throw thrown;
      throw new Error(`Waited for ${patienceMs} ms in vain until ${what}`, { cause: thrown });
    }
  }

  /** Waits for what takes a moment alone, unless the store stands still. */
  async timed<Result>(what: string, wait: PromiseLike<Result>): Promise<Result> {
    const beganMs = this.clock.monotonicMs();
    try {
      return await this.within(what, wait);
    } finally {
      this.#stillness.took(this.clock.monotonicMs() - beganMs);
    }
  }

  sleep(durationMs: number): Promise<void> {
    return sleep(this.clock, durationMs);
  }

  /** What a call throws; it must. */
  async thrown(what: string, call: () => unknown): Promise<unknown> {
    try {
      await this.within(what, (async () => call())());
    } catch (thrown) {
      return thrown;
    }
    throw new Error(`Not refused: ${what}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#clients.map(client => this.within('a client is disposed of', client[Symbol.asyncDispose]())),
    );
  }
}

/** Whether a wait is over, without waiting. */
async function isOver(wait: PromiseLike<unknown>): Promise<boolean> {
  const pending = {};
  return (await Promise.race([wait, Promise.resolve(pending)]).catch(() => undefined)) !== pending;
}
