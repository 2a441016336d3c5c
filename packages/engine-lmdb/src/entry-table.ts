import type { Entry, ListQuery, Revision, SessionId } from '@quorate/core';
import { decodeEntry, encodeEntry } from './entry-record.ts';
import { noBytes, type SortedBytes } from './sorted-bytes.ts';
import { depthBit, type StoreRoot } from './store-root.ts';
import {
  behind,
  depthOf,
  folderOf,
  orderBound,
  orderKey,
  placeOfOrderKey,
  sessionKey,
  tables,
  textKey,
  textOfSessionKey,
} from './table-keys.ts';

/** What an entry takes in the tables beside its key and value, by estimate: three places, and their share of the pages. */
const overheadBytes = 128;

/** How many keys of one folder are looked at together. */
const pageMax = 1000;

interface Place {
  readonly key: string;
  readonly created: number;
}

/**
 * Entries by key, by creation in their folder, and by session. The first of a queue is found in the time of a look-up however
 * long it is, as long as its prefix ends in a slash and has no folders below; other lists look at each of their entries.
 */
export class EntryTable {
  readonly #bytes: SortedBytes;

  constructor(bytes: SortedBytes) {
    this.#bytes = bytes;
  }

  get(key: string): Entry | undefined {
    const record = this.#bytes.get(textKey(tables.entry, key));
    return record === undefined ? undefined : decodeEntry(key, record);
  }

  /** Writes a key anew; `before` is what stands there. */
  put(
    root: StoreRoot,
    write: { readonly key: string; readonly value: Uint8Array; readonly session?: SessionId },
    before: Entry | undefined,
    revision: number,
  ): Entry {
    const { key, value, session } = write;
    const created = before?.created ?? (revision as Revision);
    const entry: Entry = {
      key,
      value,
      created,
      modified: revision as Revision,
      ...(session === undefined ? {} : { session }),
    };
    root.entryBytes += entryBytes(entry) - (before === undefined ? 0 : entryBytes(before));
    this.#bytes.put(textKey(tables.entry, key), encodeEntry(entry));
    if (before === undefined) {
      this.#bytes.put(orderKey(key, created), noBytes);
      root.depthBits |= depthBit(depthOf(key));
    }
    if (before?.session !== session) {
      if (before?.session !== undefined)
        this.#bytes.remove(sessionKey(tables.bySession, before.session, key));
      if (session !== undefined) this.#bytes.put(sessionKey(tables.bySession, session, key), noBytes);
    }
    return entry;
  }

  delete(root: StoreRoot, entry: Entry): void {
    const { key, created, session } = entry;
    root.entryBytes -= entryBytes(entry);
    this.#bytes.remove(textKey(tables.entry, key));
    this.#bytes.remove(orderKey(key, created));
    if (session !== undefined) this.#bytes.remove(sessionKey(tables.bySession, session, key));
  }

  /** Some of the keys that name a session. */
  keysOf(session: string, limit: number): string[] {
    const start = sessionKey(tables.bySession, session, '');
    return this.#bytes.keys({ start, end: behind(start), limit }).map(textOfSessionKey);
  }

  /** Entries under a prefix by creation. */
  list(root: StoreRoot, query: ListQuery): Entry[] {
    const { prefix, limit, newestFirst } = query;
    const isPartition = !prefix.includes('/');
    const below = isPartition ? { ...query, prefix: `${prefix}/` } : query;
    const folders = this.#foldersUnder(root, below.prefix);
    const places = folders.flatMap(folder => this.#placesIn(folder, below));
    if (isPartition) {
      const own = this.get(prefix);
      if (own !== undefined && own.created < query.createdBefore) places.push(own);
    }
    if (folders.length > 1 || isPartition) {
      places.sort((one, other) => (newestFirst ? other.created - one.created : one.created - other.created));
    }
    return places.slice(0, limit).map(({ key }) => this.get(key) as Entry);
  }

  /** The folders that keys under a prefix lie in. */
  #foldersUnder(root: StoreRoot, prefix: string): string[] {
    const own = folderOf(prefix);
    const folders = [own];
    // Where nothing ever lay deeper, as where all is queues, nothing needs to be looked for.
    if (root.depthBits < depthBit(depthOf(own) + 1)) return folders;
    const end = behind(textKey(tables.order, prefix));
    let start = textKey(tables.order, prefix === own ? `${prefix}\u0001` : prefix);
    for (;;) {
      const [key] = this.#bytes.keys({ start, end, limit: 1 });
      if (key === undefined) return folders;
      const { folder } = placeOfOrderKey(key);
      folders.push(folder);
      start = textKey(tables.order, `${folder}\u0001`);
    }
  }

  /** The entries of one folder that a query asks for. */
  #placesIn(folder: string, { prefix, createdBefore, newestFirst, limit }: ListQuery): Place[] {
    const places: Place[] = [];
    let start = orderBound(folder, 0);
    let end =
      createdBefore === Number.POSITIVE_INFINITY ? behindFolder(folder) : orderBound(folder, createdBefore);
    const isWhole = prefix.length <= folder.length;
    for (;;) {
      const pageLimit = isWhole ? Math.min(limit - places.length, pageMax) : pageMax;
      const keys = this.#bytes.keys({ start, end, reverse: newestFirst, limit: pageLimit });
      for (const bytes of keys) {
        const place = placeOfOrderKey(bytes);
        if (isWhole || place.key.startsWith(prefix)) places.push(place);
        if (places.length === limit) return places;
      }
      const last = keys.at(-1);
      if (last === undefined || keys.length < pageLimit) return places;
      if (newestFirst) end = last;
      else start = Buffer.concat([last, Uint8Array.of(0)]);
    }
  }
}

/** What an entry counts as, of what the store may hold. */
export function entryBytes({ key, value }: { readonly key: string; readonly value: Uint8Array }): number {
  return overheadBytes + Buffer.byteLength(key, 'utf8') + value.length;
}

function behindFolder(folder: string): Uint8Array {
  return textKey(tables.order, `${folder}\u0001`);
}
