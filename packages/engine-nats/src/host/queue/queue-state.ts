import {
  ownedRecord,
  type Page,
  type QueueStateDriver,
  type StateRecord,
  type StateResult,
} from '@quorate/core';
import type { QueueLogs } from './queue-logs.ts';

/** State records, each change and each look a record of the partition's log. */
export function queueState(logs: QueueLogs): QueueStateDriver {
  return {
    get: (key, signal) =>
      logs.of(key).look((partition, nowMs) => {
        const record = partition.getState(key, nowMs);
        return record && ownedRecord(record);
      }, signal),
    write: async (write, signal) => {
      const [result] = await logs.of(write.key).do([{ type: 'write', write }], signal);
      return owned(result as StateResult);
    },
    scan: (query, signal) =>
      logs.of(query.prefix).look((partition, nowMs): Page<StateRecord> => {
        const { items, ...page } = partition.scanState(query, nowMs);
        return { ...page, items: items.map(ownedRecord) };
      }, signal),
    watch: (prefix, onChange) => logs.of(prefix).watchState(prefix, onChange),
  };
}

function owned(result: StateResult): StateResult {
  if (result.outcome !== 'not-applied' || result.current === undefined) return result;
  return { ...result, current: ownedRecord(result.current) };
}
