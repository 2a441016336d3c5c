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
  QuorateError,
  type Random,
  type Settlement,
  type SettleResult,
  type Unknown,
} from '@quorate/core';
import { checkSettlementSize } from '../../queue/settlement-size.ts';
import type { QueueStep } from '../../queue/queue-step.ts';
import type { StepResult } from '../../queue/queue-replica.ts';
import { closed } from '../../unavailable.ts';
import type { StreamApi } from '../stream-api.ts';
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
    return eachOf(puts.map(put => this.#put(put, signal)));
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
    return eachOf(
      leases.map(lease =>
        this.#one<SettleResult>(lease.queue, { type: 'extend', lease, leaseMs, started }, signal),
      ),
    );
  }

  async settle(
    settlements: readonly Settlement[],
    signal: AbortSignal | undefined,
  ): Promise<readonly SettleResult[]> {
    for (const settlement of settlements) checkSettlementSize(settlement, this.#options.recordMaxBytes);
    return eachOf(
      settlements.map(each => {
        const settlement = each.puts?.length
          ? { ...each, puts: each.puts.map(put => this.#named(put)) }
          : each;
        return this.#one<SettleResult>(each.lease.queue, { type: 'settle', settlement }, signal);
      }),
    );
  }

  abandon(queue: string, owner: string, signal: AbortSignal | undefined): Promise<number> {
    return this.#one<number>(queue, { type: 'abandon', queue, owner }, signal);
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

  /** What has no id of its sender's is nobody's duplicate: it needs only to be stored. */
  async #put(put: QueuePut, signal: AbortSignal | undefined): Promise<PutResult> {
    if (put.message.id !== undefined) return this.#one<PutResult>(put.queue, { type: 'put', put }, signal);
    const named = this.#named(put);
    const known = { outcome: 'applied', id: named.message.id as MessageId, duplicate: false } as const;
    const [result] = await this.#logs.of(put.queue).store([{ type: 'put', put: named }], [known], signal);
    return result as PutResult;
  }

  async #one<Result extends StepResult>(
    name: string,
    step: QueueStep,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const [result] = await this.#logs.of(name).do([step], signal);
    return result as Result;
  }

  #named(put: QueuePut): QueuePut {
    if (put.message.id !== undefined) return put;
    const id = `~${this.#name}.${(++this.#ids).toString(36)}` as MessageId;
    return { ...put, message: { ...put.message, id } };
  }
}

/** One result for each; all have failed for certain only if each of them has. */
async function eachOf<Result>(calls: readonly Promise<Result>[]): Promise<readonly (Result | Unknown)[]> {
  const settled = await Promise.allSettled(calls);
  const isCertain = settled.every(
    each =>
      each.status === 'rejected' &&
      !(each.reason instanceof QuorateError && each.reason.outcome === 'unknown'),
  );
  return settled.map(each => {
    if (each.status === 'fulfilled') return each.value;
    if (isCertain) throw each.reason;
    const { reason } = each as { readonly reason: QuorateError };
    return { outcome: 'unknown', cause: reason };
  });
}
