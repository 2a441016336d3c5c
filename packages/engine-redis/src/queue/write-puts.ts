import type { NewMessage, QueuePut } from '@quorate/core';
import type { BlobWriter } from './blob-writer.ts';

/** What stands in a record's flags beside its lane. */
export const hasId = 16;
export const hasKey = 32;
export const hasHeaders = 64;
/** Of a record that is stored: it is ready later. Of one that is sent: its times follow it. */
export const hasTimes = 128;

/** Writes messages in runs of one queue each, as the scripts take them in. */
export function writePuts(writer: BlobWriter, puts: readonly QueuePut[]): void {
  writeRuns(
    writer,
    puts,
    ({ queue }) => queue,
    ({ message }) => writeMessage(writer, message),
  );
}

/** Writes items in runs of those that have one queue in common, each run behind the queue's name and how many they are. */
export function writeRuns<Item>(
  writer: BlobWriter,
  items: readonly Item[],
  queueOf: (item: Item) => string,
  write: (item: Item) => void,
): void {
  let queue: string | undefined;
  let [countAt, count] = [0, 0];
  for (const item of items) {
    const next = queueOf(item);
    if (next !== queue) {
      if (queue !== undefined) writer.recount(countAt, count);
      queue = next;
      count = 0;
      writer.name(queue);
      countAt = writer.size;
      writer.count(0);
    }
    write(item);
    count++;
  }
  if (queue !== undefined) writer.recount(countAt, count);
}

function writeMessage(writer: BlobWriter, message: NewMessage): void {
  const { id, readyAtMs = -1, delayMs = -1, rememberMs = -1 } = message;
  const isTimed = readyAtMs >= 0 || delayMs > 0;
  writeRecord(writer, message, isTimed);
  if (isTimed) {
    writer.double(readyAtMs);
    writer.double(delayMs);
  }
  if (id !== undefined) writer.double(rememberMs);
}

/** Writes what is kept of a message as it is, behind its length. */
export function writeRecord(writer: BlobWriter, message: NewMessage, isTimed: boolean): void {
  const { id, lane = 0, key, keyActiveMax = 1, headers, body } = message;
  const names = headers === undefined ? [] : Object.keys(headers);
  const from = writer.begin();
  writer.byte(
    lane +
      (id === undefined ? 0 : hasId) +
      (key === undefined ? 0 : hasKey) +
      (names.length === 0 ? 0 : hasHeaders) +
      (isTimed ? hasTimes : 0),
  );
  if (id !== undefined) writer.name(id);
  if (key !== undefined) {
    writer.name(key);
    writer.double(keyActiveMax);
  }
  if (headers !== undefined && names.length > 0) writeHeaders(writer, headers);
  writer.bytes(body);
  writer.sized(from);
}

/** Headers behind their length: of each its name and its value, with theirs. */
export function writeHeaders(writer: BlobWriter, headers: Readonly<Record<string, string>>): void {
  const from = writer.begin();
  for (const [name, value] of Object.entries(headers)) {
    writer.text(name);
    writer.text(value);
  }
  writer.sized(from);
}

/** How many bytes a message takes at most on its way, but for what is small. */
export function bytesOf({ message: { body, headers } }: QueuePut): number {
  let bytes = body.length + 64;
  for (const name in headers) bytes += 3 * (name.length + (headers[name] as string).length);
  return bytes;
}
