import type { StoredMessage } from './message-record.ts';

/** What a message takes beside its record, by estimate: its places, and their share of the pages. */
const overheadBytes = 96;

/** What a message counts as, of what the queues may hold. */
export function weightOf({
  body,
  headers,
  key = '',
}: Pick<StoredMessage, 'body' | 'headers' | 'key'>): number {
  let bytes = overheadBytes + body.length + key.length;
  for (const [name, value] of Object.entries(headers)) bytes += name.length + value.length + 6;
  return bytes;
}
