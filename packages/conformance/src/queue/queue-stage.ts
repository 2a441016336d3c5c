import {
  boundedWait,
  errorCode,
  type LeasedMessage,
  type LeaseOptions,
  type MessageId,
  type NewMessage,
  type PutResult,
  type QueueCapabilities,
  type QueuePut,
  type QueueStore,
  type Settlement,
  type SettleResult,
  sleep,
  type StateRecord,
  type StateWrite,
} from '@quorate/core';
import { equal, ok, shown } from '../expect.ts';
import type { StageOptions } from '../seam-case.ts';
import { bytes } from '../store-stage.ts';
import type { QueueClientOptions, QueueSubject } from './queue-subject.ts';

/** A message beside its text. */
export type MessageOptions = Omit<NewMessage, 'body' | 'id'> & { readonly id?: string };

/** What one case works with: clients that are disposed of afterwards, names of its own, and waits that end. */
export class QueueStage implements AsyncDisposable {
  readonly subject: QueueSubject;
  /** A lease that is to end, and a delay that is to pass. */
  readonly leaseMs: number;
  readonly #stores: QueueStore[] = [];

  constructor(subject: QueueSubject, { ttlMs }: StageOptions) {
    this.subject = subject;
    this.leaseMs = ttlMs;
  }

  /** The first client. */
  get store(): QueueStore {
    return this.#stores[0] as QueueStore;
  }

  get capabilities(): QueueCapabilities {
    return this.store.capabilities;
  }

  async open(options?: QueueClientOptions): Promise<QueueStore> {
    const store = await this.within('a client is opened', this.subject.open(options));
    this.#stores.push(store);
    return store;
  }

  /** The name of a partition that nobody has used. */
  partition(): string {
    const words = [0, 1].map(() => this.subject.random.uint32().toString(16).padStart(8, '0'));
    return `case-${words.join('')}`;
  }

  /** The name of a queue that nobody has used. */
  queue(): string {
    return `${this.partition()}/queue`;
  }

  /** Waits, and throws where it takes longer than the subject's patience. */
  async within<Result>(what: string, wait: PromiseLike<Result>): Promise<Result> {
    const patienceMs = Math.max(this.subject.patienceMs ?? 10_000, 5 * this.leaseMs);
    const over = {};
    try {
      return await boundedWait(this.subject.clock, { deadlineMs: patienceMs }, 'unknown', async () => wait);
    } catch (thrown) {
      const first = await Promise.race([wait, Promise.resolve(over)]).catch(() => undefined);
      if (errorCode(thrown) !== 'DEADLINE_EXCEEDED' || first !== over) throw thrown;
      throw new Error(`Waited for ${patienceMs} ms in vain until ${what}`, { cause: thrown });
    }
  }

  sleep(durationMs: number): Promise<void> {
    return sleep(this.subject.clock, durationMs);
  }

  /** Puts one message, which must succeed. */
  async put(
    queue: string,
    text: string,
    options: MessageOptions = {},
    store: QueueStore = this.store,
  ): Promise<MessageId> {
    const [result] = await this.puts([{ queue, message: messageOf(text, options) }], store);
    ok(result?.outcome === 'applied', `put of ${text} takes effect: received ${shown(result)}`);
    return result.id;
  }

  puts(puts: readonly QueuePut[], store: QueueStore = this.store): Promise<readonly PutResult[]> {
    return this.within('messages are put', store.put(puts));
  }

  /** Leases what is there, up to ten, for longer than a case takes. */
  lease(
    queue: string,
    options: Partial<LeaseOptions> = {},
    store: QueueStore = this.store,
  ): Promise<readonly LeasedMessage[]> {
    const all = { messagesMax: 10, leaseMs: 600_000, owner: 'somebody', ...options };
    return this.within(`${queue} is leased from`, store.lease(queue, all));
  }

  /** Leases one message, which must come. */
  async one(
    queue: string,
    options: Partial<LeaseOptions> = {},
    store: QueueStore = this.store,
  ): Promise<LeasedMessage> {
    const waitMs = this.subject.patienceMs ?? 10_000;
    const [message] = await this.lease(queue, { messagesMax: 1, waitMs, ...options }, store);
    ok(message !== undefined, 'a message is leased');
    return message;
  }

  /** Settles one message. */
  async settle(
    lease: LeasedMessage,
    action: Settlement['action'] = { type: 'acknowledge' },
    more: Pick<Settlement, 'puts' | 'state'> = {},
    store: QueueStore = this.store,
  ): Promise<SettleResult> {
    const results = await this.within('it is settled', store.settle([{ lease, action, ...more }]));
    equal(results.length, 1, 'how many results there are');
    return results[0] as SettleResult;
  }

  /** Settles messages, which must succeed. */
  async settled(
    leases: readonly LeasedMessage[],
    action: Settlement['action'] = { type: 'acknowledge' },
  ): Promise<void> {
    const settlements = leases.map(lease => ({ lease, action }));
    const results = await this.within('they are settled', this.store.settle(settlements));
    equal(
      results,
      leases.map(() => ({ outcome: 'applied' })),
      `${action.type} of ${leases.length} messages`,
    );
  }

  /** Leases and acknowledges until nothing is ready; the texts of what there was. */
  async drained(queue: string): Promise<string[]> {
    const texts: string[] = [];
    for (;;) {
      const messages = await this.lease(queue);
      if (messages.length === 0) return texts;
      texts.push(...messages.map(textOf));
      await this.settled(messages);
    }
  }

  /** Writes a state record, which must succeed; its version. */
  async write(write: Omit<StateWrite, 'value'> & { readonly text: string | undefined }): Promise<number> {
    const { text, ...rest } = write;
    const value = text === undefined ? undefined : bytes(text);
    const result = await this.within('a record is written', this.store.state.write({ ...rest, value }));
    ok(result.outcome === 'applied', `write of ${write.key} takes effect: received ${shown(result)}`);
    return result.version;
  }

  record(key: string, store: QueueStore = this.store): Promise<StateRecord | undefined> {
    return this.within(`${key} is read`, store.state.get(key));
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
      this.#stores.map(store => this.within('a client is disposed of', store[Symbol.asyncDispose]())),
    );
  }
}

export function messageOf(text: string, { id, ...options }: MessageOptions = {}): NewMessage {
  return { ...options, body: bytes(text), ...(id === undefined ? {} : { id: id as MessageId }) };
}

/** The text of a message's body. */
export function textOf({ body }: { readonly body: Uint8Array }): string {
  return new TextDecoder().decode(body);
}

export const lost = { outcome: 'not-applied', reason: 'lost' } as const;
export const conflict = { outcome: 'not-applied', reason: 'conflict' } as const;
export const done = { outcome: 'applied' } as const;
