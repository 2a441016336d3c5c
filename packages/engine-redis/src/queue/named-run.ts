import type { NewMessage, QueuePut } from '@quorate/core';
import type { BlobWriter } from './blob-writer.ts';
import { writePuts, writeRecord } from './write-puts.ts';

/** Messages that follow each other, and their ids in groups of those that differ in their last letter. */
interface NamedRun {
  readonly end: number;
  readonly names: readonly string[];
  readonly lasts: readonly string[];
  /** Where each message's letter stands among those of all groups; nothing where they stand in the messages' order. */
  readonly places: readonly number[];
}

/**
 * In which order puts are sent, so that those of a queue stand together, as they did: each run costs the server as much as some ten
 * messages. Nothing where all are of one queue.
 */
export function orderByQueue(puts: readonly QueuePut[]): readonly number[] | undefined {
  const first = puts[0]?.queue;
  if (puts.every(({ queue }) => queue === first)) return undefined;
  const byQueue = new Map<string, number[]>();
  for (const [index, { queue }] of puts.entries()) {
    const indexes = byQueue.get(queue);
    if (indexes === undefined) byQueue.set(queue, [index]);
    else indexes.push(index);
  }
  return [...byQueue.values()].flat();
}

/** Writes messages as the script of a put takes them in: those that have nothing but ids in runs of their own, where little is to be done. */
export function writePutRuns(writer: BlobWriter, puts: readonly QueuePut[]): void {
  let from = 0;
  let others = 0;
  while (from < puts.length) {
    if (!isNamedAlone((puts[from] as QueuePut).message)) {
      from++;
      continue;
    }
    if (others < from) writePuts(writer, puts.slice(others, from));
    const run = namedRun(puts, from);
    writeNamedRun(writer, puts, from, run);
    others = from = run.end;
  }
  if (others < from) writePuts(writer, others === 0 ? puts : puts.slice(others));
}

function writeNamedRun(writer: BlobWriter, puts: readonly QueuePut[], from: number, run: NamedRun): void {
  const { queue, message } = puts[from] as QueuePut;
  const { end, names, lasts, places } = run;
  writer.name(`${queue}\0`);
  writer.count(end - from);
  writer.double(message.rememberMs ?? -1);
  writer.count(names.length);
  for (const [index, name] of names.entries()) {
    writer.name(name);
    writer.name(lasts[index] as string);
  }
  const placesAt = writer.begin();
  for (const place of places) writer.count(place);
  writer.sized(placesAt);
  for (let index = from; index < end; index++) writeRecord(writer, (puts[index] as QueuePut).message, false);
}

/** The run that begins with a message: up to another queue, another memory, or an id that comes again. */
function namedRun(puts: readonly QueuePut[], from: number): NamedRun {
  const { queue, message: first } = puts[from] as QueuePut;
  const [names, lasts, groups]: [string[], string[], number[]] = [[], [], []];
  const byName = new Map<string, number>();
  let group = -1;
  let isInOrder = true;
  let end = from;
  for (; end < puts.length; end++) {
    const { queue: next, message } = puts[end] as QueuePut;
    if (next !== queue || message.rememberMs !== first.rememberMs || !isNamedAlone(message)) break;
    const id = message.id as string;
    const name = names[group];
    if (name === undefined || id.length !== name.length + 1 || !id.startsWith(name)) {
      const other = id.slice(0, -1);
      group = byName.get(other) ?? names.length;
      if (group < names.length) isInOrder = false;
      else {
        byName.set(other, group);
        names.push(other);
        lasts.push('');
      }
    }
    const letter = id.at(-1) as string;
    const letters = lasts[group] as string;
    if (letters.includes(letter)) break;
    lasts[group] = letters + letter;
    groups.push(group);
  }
  return { end, names, lasts, places: isInOrder ? [] : placesOf(groups, lasts) };
}

/** Where each letter stands among those of all groups, given the group of each in their order. */
function placesOf(groups: readonly number[], lasts: readonly string[]): readonly number[] {
  let count = 0;
  const next = lasts.map(({ length }) => (count += length) - length);
  return groups.map(group => {
    const place = next[group] as number;
    next[group] = place + 1;
    return place;
  });
}

/** Whether all there is to a message is an id, whose last letter is one byte. */
function isNamedAlone({ id, key, readyAtMs, delayMs }: NewMessage): boolean {
  if (id === undefined || key !== undefined || readyAtMs !== undefined || (delayMs ?? 0) > 0) return false;
  return id.charCodeAt(id.length - 1) < 0x80;
}
