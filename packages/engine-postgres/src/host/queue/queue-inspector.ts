import type { InspectedMessage, MessageState, Page, QueueDepth, QueueInspectorDriver } from '@quorate/core';
import { numbersIn, numbersOf, textsOf } from '../../queue/array-literal.ts';
import { sequenceIn } from '../../queue/lease-handles.ts';
import { inspectedOf } from '../../queue/queue-rows.ts';
import { boundsOf, nameOf, storedName, storedText } from '../../queue/stored-name.ts';
import type { Row } from '../../rows.ts';
import type { RunStatement } from './postgres-queue-driver.ts';
import { isCut, pageOf } from './queue-state.ts';

/** What an operator sees and does, as statements. */
export function queueInspectorOf(run: RunStatement): QueueInspectorDriver {
  return {
    async queues({ prefix, cursor, limit }, signal): Promise<Page<string>> {
      const after = cursor === undefined ? null : storedName(cursor);
      const rows = await run('names', [...boundsOf(prefix), after, limit + 1], signal);
      const names = rows.map(row => nameOf(row['name'] as string));
      return pageOf(names, limit, name => name);
    },
    async depth(queue, signal): Promise<QueueDepth> {
      return depthOf(await run('depth', [storedName(queue)], signal));
    },
    async get(queue, id, signal): Promise<InspectedMessage | undefined> {
      const values = [storedName(queue), null, 0, sequenceIn(id) ?? null, storedText(id), 1];
      const [row] = await run('messages', values, signal);
      return row && inspectedOf(row, queue);
    },
    async messages(queue, { state, cursor, limit }, signal): Promise<Page<InspectedMessage>> {
      const values = [storedName(queue), state ?? null, cursor ?? 0, null, null, limit + 1];
      const rows = await run('messages', values, signal);
      const { items, cursor: next } = pageOf(rows, limit, row => String(row['seq']), isCut(rows));
      const shown = items.map(row => inspectedOf(row, queue));
      return next === undefined ? { items: shown } : { items: shown, cursor: next };
    },
    async remove(queue, ids, signal) {
      const values = [storedName(queue), numbersOf(ids.map(sequenceIn)), textsOf(ids.map(storedText))];
      const [row] = await run('remove', values, signal);
      const done = new Set(numbersIn(row?.['done']));
      return ids.map((_, place) => ({ outcome: 'applied', removed: done.has(place + 1) }));
    },
    async purge(queue, signal): Promise<number> {
      let count = 0;
      let last: unknown = null;
      do {
        const [row] = await run('purge', [storedName(queue), last], signal);
        count += Number(row?.['count']);
        last = row?.['last'];
      } while (typeof last === 'string');
      return count;
    },
  };
}

function depthOf(rows: readonly Row[]): QueueDepth {
  const count = (state: MessageState): number =>
    Number(rows.find(row => row['state'] === state)?.['count'] ?? 0);
  const oldest = rows.find(row => row['state'] === 'ready')?.['oldest'];
  return {
    readyCount: count('ready'),
    delayedCount: count('delayed'),
    leasedCount: count('leased'),
    heldCount: count('held'),
    ...(oldest === undefined ? {} : { oldestReadyAtMs: Number(oldest) }),
  };
}
