import { pageMax, type QueueStore, type StateRecord, type WaitOptions } from '@quorate/core';

/** All state records whose keys begin with a prefix, page after page. The time to wait is that of each page. */
export async function* statePages(
  store: QueueStore,
  prefix: string,
  wait: WaitOptions = {},
): AsyncGenerator<readonly StateRecord[], void, undefined> {
  let cursor: string | undefined;
  do {
    const page = await store.state.scan(prefix, { ...wait, limit: pageMax, ...(cursor && { cursor }) });
    yield page.items;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
