import type { Page, PageQuery, QueueInspectorDriver, RemoveResult } from '@quorate/core';
import type { QueueLogs } from './queue-logs.ts';

/** What an operator sees and does, as records of the partitions' logs. */
export function queueInspector(logs: QueueLogs): QueueInspectorDriver {
  return {
    queues: (query, signal) =>
      logs.of(query.prefix).look(partition => pageOfNames(partition.queues(query.prefix), query), signal),
    depth: (queue, signal) =>
      logs.of(queue).look((partition, nowMs) => partition.depth(queue, nowMs), signal),
    get: (queue, id, signal) =>
      logs.of(queue).look((partition, nowMs) => partition.inspect(queue, id, nowMs), signal),
    messages: (queue, query, signal) =>
      logs.of(queue).look((partition, nowMs) => partition.messages(queue, query, nowMs), signal),
    remove: async (queue, ids, signal) => {
      if (ids.length === 0) return [];
      const steps = ids.map(id => ({ type: 'remove', queue, id }) as const);
      return (await logs.of(queue).do(steps, signal)) as readonly RemoveResult[];
    },
    purge: async (queue, signal) => {
      const [count] = await logs.of(queue).do([{ type: 'purge', queue }], signal);
      return count as number;
    },
  };
}

function pageOfNames(names: readonly string[], { cursor, limit }: PageQuery): Page<string> {
  const from = cursor === undefined ? 0 : names.findIndex(name => name > cursor);
  if (from === -1) return { items: [] };
  const items = names.slice(from, from + limit);
  return from + limit < names.length ? { items, cursor: items.at(-1) as string } : { items };
}
