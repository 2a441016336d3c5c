import { crc32 } from '../crc32.ts';
import { checkInteger } from '../store/store-arguments.ts';
import { pageMax, type Page, type PageOptions } from './queue-store.ts';

/** Where a page begins as the driver knows it, and how much it holds. */
export interface PageBounds {
  readonly cursor: string | undefined;
  readonly limit: number;
}

/**
 * Reads where a page begins, with every default filled in.
 *
 * @param scope what is paged
 * @throws RangeError a cursor that no page of this scope gave, or a limit out of range
 */
export function pageBounds(scope: string, { cursor, limit = 100 }: PageOptions): PageBounds {
  checkInteger('Limit', limit, 1);
  const size = Math.min(limit, pageMax);
  if (cursor === undefined) return { cursor, limit: size };
  const position = cursor.slice(sumLength);
  if (sealed(scope, position) !== cursor) {
    throw new RangeError(`Cursor must be one that a page of ${scope} gave: received "${cursor}"`);
  }
  return { cursor: position, limit: size };
}

/** The driver's page with a cursor that tells what it belongs to. */
export function sealedPage<Item>(scope: string, page: Page<Item>): Page<Item> {
  return page.cursor === undefined ? page : { ...page, cursor: sealed(scope, page.cursor) };
}

const sumLength = 8;

function sealed(scope: string, position: string): string {
  const sum = crc32(new TextEncoder().encode(`${scope}\n${position}`));
  return sum.toString(16).padStart(sumLength, '0') + position;
}
