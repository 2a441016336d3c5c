import type { MessageId } from '@quorate/core';
import type { BlobWriter } from './blob-writer.ts';

/** What a queue calls a message that its sender gave no name: `~` and its sequence in sixteens. */
export function idOf(sequence: number): MessageId {
  return `~${sequence.toString(16)}` as MessageId;
}

/** The sequence that an id stands for; undefined where its sender chose it, or another engine. */
export function sequenceOf(id: string): number | undefined {
  if (!id.startsWith('~')) return undefined;
  const sequence = Number.parseInt(id.slice(1), 16);
  return sequence <= Number.MAX_SAFE_INTEGER && idOf(sequence) === id ? sequence : undefined;
}

/** Stands in the kind of whatever is done with a message that is named by its id. */
export const isNamed = 16;

/** Names a message behind its kind: by its sequence where that is known, which spares a look into a table. */
export function writeName(
  writer: BlobWriter,
  kind: number,
  id: string,
  sequence: number | undefined = sequenceOf(id),
): void {
  writer.byte(sequence === undefined ? kind + isNamed : kind);
  if (sequence === undefined) writer.name(id);
  else writer.double(sequence);
}
