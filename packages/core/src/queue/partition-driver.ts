import { ownedRecord } from './owned-message.ts';
import type { LeaseAnswer, QueueDriver, QueueInspectorDriver, QueueStateDriver } from './queue-driver.ts';
import type { PageQuery, QueuePartition } from './queue-partition.ts';
import type { Page, QueueCapabilities, StateResult } from './queue-store.ts';

/** One step in the partition of a queue or state key. */
export interface QueueStep<Result> {
  /** Of the queue or the key: its first segment names the partition. */
  readonly name: string;
  /** What is asked for, for traces. */
  readonly call: string;
  readonly run: (partition: QueuePartition, nowMs: number) => Result;
}

/** Where {@link QueuePartition}s are kept, and the way to them: an engine whose truth they are is this much. */
export interface PartitionedQueues extends AsyncDisposable {
  readonly capabilities: QueueCapabilities;
  now(): Promise<number>;
  /** Carries steps out one after the other, and gives their results in order. Rejects as a `QueueDriver` does. */
  steps<Result>(steps: readonly QueueStep<Result>[]): Promise<readonly Result[]>;
  watchQueue(queue: string, onReady: () => void): Disposable;
  watchState(prefix: string, onChange: (key: string) => void): Disposable;
}

/** Makes a `QueueDriver` of partitions and the way to them. */
export function drivePartitions(queues: PartitionedQueues): QueueDriver {
  const step: OneStep = async (name, call, run) => (await queues.steps([{ name, call, run }]))[0]!;
  return {
    capabilities: queues.capabilities,
    now: () => queues.now(),
    put: puts =>
      queues.steps(
        puts.map(put => ({
          name: put.queue,
          call: 'put',
          run: (partition, nowMs) => partition.put(put, nowMs),
        })),
      ),
    lease: (queue, query) =>
      step(queue, 'lease', (partition, nowMs): LeaseAnswer => {
        const messages = partition.lease(queue, query, nowMs);
        const nextAtMs = messages.length > 0 ? undefined : partition.nextReadyAtMs(queue, query.lanes);
        return nextAtMs === undefined ? { messages } : { messages, nextInMs: Math.max(0, nextAtMs - nowMs) };
      }),
    extend: (leases, leaseMs, started) =>
      queues.steps(
        leases.map(lease => ({
          name: lease.queue,
          call: `extend ${lease.id}`,
          run: (partition, nowMs) => partition.extend(lease, leaseMs, started, nowMs),
        })),
      ),
    settle: settlements =>
      queues.steps(
        settlements.map(settlement => ({
          name: settlement.lease.queue,
          call: `${settlement.action.type} ${settlement.lease.id}`,
          run: (partition, nowMs) => partition.settle(settlement, nowMs),
        })),
      ),
    abandon: (queue, owner) =>
      step(queue, `abandon ${owner}`, (partition, nowMs) => partition.abandon(queue, owner, nowMs)),
    watch: (queue, onReady) => queues.watchQueue(queue, onReady),
    state: stateOf(queues, step),
    inspect: inspectorOf(step),
    [Symbol.asyncDispose]: () => queues[Symbol.asyncDispose](),
  };
}

type OneStep = <Result>(name: string, call: string, run: QueueStep<Result>['run']) => Promise<Result>;

function stateOf(queues: PartitionedQueues, step: OneStep): QueueStateDriver {
  return {
    get: key =>
      step(key, 'get', (partition, nowMs) => {
        const record = partition.getState(key, nowMs);
        return record && ownedRecord(record);
      }),
    write: write =>
      step(write.key, 'write', (partition, nowMs): StateResult => {
        const result = partition.writeState(write, nowMs);
        if (result.outcome === 'applied' || result.current === undefined) return result;
        return { ...result, current: ownedRecord(result.current) };
      }),
    scan: query =>
      step(query.prefix, 'scan', (partition, nowMs) => {
        const { items, ...page } = partition.scanState(query, nowMs);
        return { ...page, items: items.map(ownedRecord) };
      }),
    watch: (prefix, onChange) => queues.watchState(prefix, onChange),
  };
}

function inspectorOf(step: OneStep): QueueInspectorDriver {
  return {
    queues: query =>
      step(query.prefix, 'queues', partition => pageOfNames(partition.queues(query.prefix), query)),
    depth: queue => step(queue, 'depth', (partition, nowMs) => partition.depth(queue, nowMs)),
    get: (queue, id) =>
      step(queue, `inspect ${id}`, (partition, nowMs) => partition.inspect(queue, id, nowMs)),
    messages: (queue, query) =>
      step(queue, 'messages', (partition, nowMs) => partition.messages(queue, query, nowMs)),
    remove: (queue, ids) =>
      step(queue, 'remove', (partition, nowMs) =>
        ids.map(id => ({ outcome: 'applied', removed: partition.remove(queue, id, nowMs) })),
      ),
    purge: queue => step(queue, 'purge', partition => partition.purge(queue)),
  };
}

function pageOfNames(names: readonly string[], { cursor, limit }: PageQuery): Page<string> {
  const from = cursor === undefined ? 0 : names.findIndex(name => name > cursor);
  if (from === -1) return { items: [] };
  const items = names.slice(from, from + limit);
  return from + limit < names.length ? { items, cursor: items.at(-1) as string } : { items };
}
