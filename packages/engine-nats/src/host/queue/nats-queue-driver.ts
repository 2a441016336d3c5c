import {
  type LeaseAnswer,
  type LeaseHandle,
  type LeaseQuery,
  type MessageId,
  type PutResult,
  type QueueCapabilities,
  type QueueDriver,
  type QueueInspectorDriver,
  type QueuePut,
  type QueueStateDriver,
  type Random,
  type Settlement,
  type SettleResult,
} from '@quorate/core';
import { checkSettlementSize } from '../../queue/settlement-size.ts';
import type { QueueStep } from '../../queue/queue-step.ts';
import { closed } from '../../unavailable.ts';
import type { StreamApi } from '../stream-api.ts';
import { Answers } from './answers.ts';
import { askTime } from './ask-time.ts';
import { queueInspector } from './queue-inspector.ts';
import type { QueueLogOptions } from './queue-log.ts';
import { QueueLogs } from './queue-logs.ts';
import { queueState } from './queue-state.ts';
import type { QueueSubjects } from './queue-subjects.ts';

export interface NatsQueueDriverOptions extends Omit<QueueLogOptions, 'token'> {
  readonly api: StreamApi;
  readonly subjects: QueueSubjects;
  readonly random: Random;
  readonly capabilities: QueueCapabilities;
  /** Called last, when the store is closed. */
  readonly close: () => Promise<void>;
}

/** The calls of a QueueStore as records of its partitions' logs. */
export class NatsQueueDriver implements QueueDriver {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueStateDriver;
  readonly inspect: QueueInspectorDriver;
  readonly #options: NatsQueueDriverOptions;
  readonly #logs: QueueLogs;
  /** What the ids have in common that it chooses. */
  readonly #name: string;
  #ids = 0;
  #isClosed = false;

  constructor(options: NatsQueueDriverOptions) {
    this.#options = options;
    this.#name = Buffer.from(options.random.bytes(8)).toString('base64url');
    this.capabilities = options.capabilities;
    this.#logs = new QueueLogs(options);
    this.state = queueState(this.#logs);
    this.inspect = queueInspector(this.#logs);
  }

  now(): Promise<number> {
    return askTime(this.#options.api, this.#options.subjects);
  }

  put(
    puts: readonly QueuePut[],
    { signal }: { readonly signal: AbortSignal | undefined },
  ): Promise<readonly PutResult[]> {
    const answers = new Answers<PutResult>(puts.length);
    for (const [place, put] of puts.entries()) {
      const named = this.#named(put);
      // What has no id of its sender's is nobody's duplicate: it needs only to be stored.
      const known: PutResult | undefined =
        named === put
          ? undefined
          : { outcome: 'applied', id: named.message.id as MessageId, duplicate: false };
      this.#logs.of(put.queue).doOne({ type: 'put', put: named }, known, signal, answers, place);
    }
    return answers.all;
  }

  async lease(queue: string, query: LeaseQuery, signal: AbortSignal | undefined): Promise<LeaseAnswer> {
    try {
      return await this.#lease(queue, query, signal);
    } catch (thrown) {
      throw this.#isClosed ? closed() : thrown;
    }
  }

  async #lease(queue: string, query: LeaseQuery, signal: AbortSignal | undefined): Promise<LeaseAnswer> {
    const log = this.#logs.of(queue);
    log.follower.keep();
    await log.follower.live();
    const nextAtMs = (): number | undefined =>
      log.follower.replica?.partition?.nextReadyAtMs(queue, query.lanes);
    let nowMs = log.follower.nowMs();
    const isReady = (nextAtMs() ?? Number.POSITIVE_INFINITY) <= nowMs;
    if (isReady || !(await log.isLatest())) {
      const messages = await log.lease(queue, query, signal);
      if (messages.length > 0) return { messages };
      // What the server said, where this client's clock has run ahead of its.
      nowMs = log.follower.replica?.nowMs ?? nowMs;
    }
    const next = nextAtMs();
    return { messages: [], ...(next === undefined ? {} : { nextInMs: Math.max(1, next - nowMs) }) };
  }

  extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    const answers = new Answers<SettleResult>(leases.length);
    for (const [place, lease] of leases.entries()) {
      const step: QueueStep = { type: 'extend', lease, leaseMs, started };
      this.#logs.of(lease.queue).doOne(step, undefined, signal, answers, place);
    }
    return answers.all;
  }

  async settle(
    settlements: readonly Settlement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    for (const settlement of settlements) checkSettlementSize(settlement, this.#options.recordMaxBytes);
    const answers = new Answers<SettleResult>(settlements.length);
    for (const [place, each] of settlements.entries()) {
      const settlement = each.puts?.length ? { ...each, puts: each.puts.map(put => this.#named(put)) } : each;
      const step: QueueStep = { type: 'settle', settlement };
      this.#logs.of(each.lease.queue).doOne(step, undefined, signal, answers, place);
    }
    return answers.all;
  }

  async abandon(queue: string, owner: string, signal: AbortSignal | undefined): Promise<number> {
    const [count] = await this.#logs.of(queue).do([{ type: 'abandon', queue, owner }], signal);
    return count as number;
  }

  watch(queue: string, onReady: () => void): Disposable {
    return this.#logs.of(queue).watchReady(queue, onReady);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#logs.close();
    this.#options.api.requests.close();
    await this.#options.close();
  }

  #named(put: QueuePut): QueuePut {
    if (put.message.id !== undefined) return put;
    const id = `~${this.#name}.${(++this.#ids).toString(36)}` as MessageId;
    return { ...put, message: { ...put.message, id } };
  }
}
