import type { Page, PageQuery, QueueStateDriver, StateRecord, StateResult, StateWrite } from '@quorate/core';
import { recordOf } from '../../queue/queue-rows.ts';
import { boundsOf, storedName } from '../../queue/stored-name.ts';
import type { Row } from '../../rows.ts';
import type { RunStatement } from './postgres-queue-driver.ts';

/** State records as statements. */
export function queueStateOf(run: RunStatement, watch: QueueStateDriver['watch']): QueueStateDriver {
  return {
    async get(key, signal): Promise<StateRecord | undefined> {
      const [row] = await run('get', [storedName(key)], signal);
      return row && recordOf(row, key);
    },
    async write(write, signal): Promise<StateResult> {
      const { key } = write;
      const [row = {}] = await run('write', valuesOf(write), signal);
      if (row['applied'] === true) return { outcome: 'applied', version: Number(row['version']) };
      const current = row['version'] === null ? {} : { current: recordOf(row, key) };
      return { outcome: 'not-applied', reason: 'conflict', ...current };
    },
    async scan({ prefix, cursor, limit }: PageQuery, signal): Promise<Page<StateRecord>> {
      const after = cursor === undefined ? null : storedName(cursor);
      const rows = await run('scan', [...boundsOf(prefix), after, limit + 1], signal);
      return pageOf(
        rows.map(row => recordOf(row)),
        limit,
        ({ key }) => key,
        isCut(rows),
      );
    },
    watch,
  };
}

/** A page of what was asked for, one more than it holds unless it was cut before. */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  cursorOf: (item: Item) => string,
  cut = false,
): Page<Item> {
  if (found.length <= limit && !cut) return { items: found };
  const items = found.slice(0, limit);
  return { items, cursor: cursorOf(items.at(-1) as Item) };
}

/** Whether the server ended an answer before its limit, since it was large enough. */
export function isCut(rows: readonly Row[]): boolean {
  return rows.at(-1)?.['more'] === true;
}

function valuesOf({ key, value, version, expiresAtMs }: StateWrite): unknown[] {
  const bytes = value && Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const expires = expiresAtMs === undefined ? null : Math.ceil(expiresAtMs);
  return [storedName(key), bytes ?? null, version ?? null, expires];
}
