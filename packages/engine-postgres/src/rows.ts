import type { Entry, Revision, SessionId, StoreChange } from '@quorate/core';

/** A row of the server: 64-bit integers come as texts, bytes as the client's own. */
export type Row = Readonly<Record<string, unknown>>;

/** The entry whose columns begin so; nothing where they are null. Revisions stay below 2^53 until the year 2255. */
export function entryOf(row: Row, key: string, prefix = ''): Entry {
  const session = row[`${prefix}session`] as SessionId | null;
  return {
    key,
    value: bytesOf(row[`${prefix}value`]),
    created: revisionOf(row[`${prefix}created`]),
    modified: revisionOf(row[`${prefix}modified`]),
    ...(session === null ? {} : { session }),
  };
}

export function changeOf(row: Row): StoreChange {
  return {
    type: row['type'] as 'put' | 'delete',
    entry: entryOf(row, row['key'] as string),
    revision: revisionOf(row['revision']),
  };
}

export function revisionOf(value: unknown): Revision {
  return Number(value) as Revision;
}

/** A copy: what the client gives is a part of a larger buffer. */
function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as Uint8Array);
}
