import {
  ownedRecord,
  type Page,
  type QueueStateDriver,
  type StateRecord,
  type StateResult,
} from '@quorate/core';
import type { QueueLogs } from './queue-logs.ts';

/** State records, each change a record of the partition's log. */
export function queueState(logs: QueueLogs): QueueStateDriver {
  return {
    get: (key, signal) =>
      logs.of(key).peek((partition, logMs, nowMs) => {
        // The copy's own time goes on with its log alone.
        const record = partition?.getState(key, logMs);
        const isThere = record !== undefined && (record.expiresAtMs ?? Number.POSITIVE_INFINITY) > nowMs;
        return isThere ? ownedRecord(record) : undefined;
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
