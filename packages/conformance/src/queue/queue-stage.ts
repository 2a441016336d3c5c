import type {
  LeasedMessage,
  LeaseOptions,
  MessageId,
  NewMessage,
  PutResult,
  QueuePut,
  QueueStore,
  Settlement,
  SettleResult,
  StateRecord,
  StateWrite,
} from '@quorate/core';
import { equal, ok, shown } from '../expect.ts';
import { SeamStage } from '../seam-stage.ts';
import { bytes } from '../store-stage.ts';
import type { QueueClientOptions, QueueSubject } from './queue-subject.ts';

/** A message beside its text. */
export type MessageOptions = Omit<NewMessage, 'body' | 'id'> & { readonly id?: string };

/** What one case works with. */
export class QueueStage extends SeamStage<QueueStore, QueueClientOptions, QueueSubject> {
  /** A lease that is to end, and a delay that is to pass. */
  get leaseMs(): number {
    return this.ttlMs;
  }

  /** The name of a queue that nobody has used. */
  queue(): string {
    return `${this.partition()}/queue`;
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
    return this.timed('messages are put', store.put(puts));
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
    const results = await this.timed('it is settled', store.settle([{ lease, action, ...more }]));
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
