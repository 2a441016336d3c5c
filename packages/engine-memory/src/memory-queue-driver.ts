import {
  type LeaseAnswer,
  type LeasedMessage,
  type LeaseHandle,
  type LeaseQuery,
  ownedRecord,
  type Page,
  type PageQuery,
  type PutResult,
  type QueueCapabilities,
  type QueueDriver,
  type QueueInspectorDriver,
  type QueuePut,
  type QueueStateDriver,
  type Settlement,
  type SettleResult,
} from '@quorate/core';
import type { MemoryQueues } from './memory-queues.ts';

/** One client's way into the queues of a memory. Every call is done when it returns, so nothing of it can be lost. */
export class MemoryQueueDriver implements QueueDriver {
  readonly capabilities: QueueCapabilities;
  readonly state: QueueStateDriver;
  readonly inspect: QueueInspectorDriver;
  readonly #queues: MemoryQueues;

  constructor(queues: MemoryQueues, bodyMaxBytes: number) {
    this.#queues = queues;
    this.capabilities = {
      durability: 'memory',
      atomicSettle: true,
      atomicPut: true,
      transactionalPut: false,
      crossProcess: false,
      lease: { readyAt: true, lanes: true, oneActivePerKey: true },
      abandon: true,
      leaseGranularityMs: 1,
      bodyMaxBytes,
    };
    this.state = stateOf(queues);
    this.inspect = inspectorOf(queues);
  }

  async now(): Promise<number> {
    return this.#queues.now();
  }

  async put(puts: readonly QueuePut[]): Promise<readonly PutResult[]> {
    return puts.map(put => this.#queues.step(put.queue, (partition, nowMs) => partition.put(put, nowMs)));
  }

  async lease(queue: string, query: LeaseQuery): Promise<LeaseAnswer> {
    return this.#queues.step(queue, (partition, nowMs): LeaseAnswer => {
      const messages: readonly LeasedMessage[] = partition.lease(queue, query, nowMs);
      if (messages.length > 0) return { messages };
      const nextAtMs = partition.nextReadyAtMs(queue, query.lanes);
      return nextAtMs === undefined ? { messages } : { messages, nextInMs: Math.max(0, nextAtMs - nowMs) };
    });
  }

  async extend(
    leases: readonly LeaseHandle[],
    leaseMs: number,
    started: boolean,
  ): Promise<readonly SettleResult[]> {
    return leases.map(lease =>
      this.#queues.step(lease.queue, (partition, nowMs) => partition.extend(lease, leaseMs, started, nowMs)),
    );
  }

  async settle(settlements: readonly Settlement[]): Promise<readonly SettleResult[]> {
    return settlements.map(settlement =>
      this.#queues.step(settlement.lease.queue, (partition, nowMs) => partition.settle(settlement, nowMs)),
    );
  }

  async abandon(queue: string, owner: string): Promise<number> {
    return this.#queues.step(queue, (partition, nowMs) => partition.abandon(queue, owner, nowMs));
  }

  watch(queue: string, onReady: () => void): Disposable {
    return this.#queues.watchQueue(queue, onReady);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function stateOf(queues: MemoryQueues): QueueStateDriver {
  return {
    get: async key =>
      queues.step(key, (partition, nowMs) => {
        const record = partition.getState(key, nowMs);
        return record && ownedRecord(record);
      }),
    write: async write =>
      queues.step(write.key, (partition, nowMs) => {
        const result = partition.writeState(write, nowMs);
        if (result.outcome === 'applied' || result.current === undefined) return result;
        return { ...result, current: ownedRecord(result.current) };
      }),
    scan: async query =>
      queues.step(query.prefix, (partition, nowMs) => {
        const { items, ...page } = partition.scanState(query, nowMs);
        return { ...page, items: items.map(ownedRecord) };
      }),
    watch: (prefix, onChange) => queues.watchState(prefix, onChange),
  };
}

function inspectorOf(queues: MemoryQueues): QueueInspectorDriver {
  return {
    queues: async query =>
      queues.step(query.prefix, partition => pageOfNames(partition.queues(query.prefix), query)),
    depth: async queue => queues.step(queue, (partition, nowMs) => partition.depth(queue, nowMs)),
    get: async (queue, id) => queues.step(queue, (partition, nowMs) => partition.inspect(queue, id, nowMs)),
    messages: async (queue, query) =>
      queues.step(queue, (partition, nowMs) => partition.messages(queue, query, nowMs)),
    remove: async (queue, ids) =>
      queues.step(queue, (partition, nowMs) =>
        ids.map(id => ({ outcome: 'applied', removed: partition.remove(queue, id, nowMs) })),
      ),
    purge: async queue => queues.step(queue, partition => partition.purge(queue)),
  };
}

function pageOfNames(names: readonly string[], { cursor, limit }: PageQuery): Page<string> {
  const from = cursor === undefined ? 0 : names.findIndex(name => name > cursor);
  if (from === -1) return { items: [] };
  const items = names.slice(from, from + limit);
  return from + limit < names.length ? { items, cursor: items.at(-1) as string } : { items };
}
