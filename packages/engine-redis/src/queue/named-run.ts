import type { NewMessage, QueuePut } from '@quorate/core';
import type { BlobWriter } from './blob-writer.ts';
import { writePuts, writeRecord } from './write-puts.ts';

/** Messages that follow each other, and their ids in groups of those that differ in their last letter, in the same order. */
interface NamedRun {
  readonly end: number;
  readonly names: readonly string[];
  readonly lasts: readonly string[];
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
  const { end, names, lasts } = run;
  writer.name(`${queue}\0`);
  writer.count(end - from);
  writer.double(message.rememberMs ?? -1);
  writer.count(names.length);
  for (const [index, name] of names.entries()) {
    writer.name(name);
    writer.name(lasts[index] as string);
  }
  for (let index = from; index < end; index++) writeRecord(writer, (puts[index] as QueuePut).message, false);
}

/** The run that begins with a message: up to another queue, another memory, or an id or a group that comes again. */
function namedRun(puts: readonly QueuePut[], from: number): NamedRun {
  const { queue, message: first } = puts[from] as QueuePut;
  const [names, lasts, known]: [string[], string[], Set<string>] = [[], [], new Set()];
  let name = '';
  let letters = '';
  let end = from;
  for (; end < puts.length; end++) {
    const { queue: next, message } = puts[end] as QueuePut;
    if (next !== queue || message.rememberMs !== first.rememberMs || !isNamedAlone(message)) break;
    const id = message.id as string;
    if (letters === '' || id.length !== name.length + 1 || !id.startsWith(name)) {
      const other = id.slice(0, -1);
      if (known.has(other)) break;
      if (letters !== '') lasts.push(letters);
      known.add(other);
      names.push(other);
      name = other;
      letters = '';
    }
    const letter = id.at(-1) as string;
    if (letters.includes(letter)) break;
    letters += letter;
  }
  lasts.push(letters);
  return { end, names, lasts };
}

/** Whether all there is to a message is an id, whose last letter is one byte. */
function isNamedAlone({ id, key, readyAtMs, delayMs }: NewMessage): boolean {
  if (id === undefined || key !== undefined || readyAtMs !== undefined || (delayMs ?? 0) > 0) return false;
  return id.charCodeAt(id.length - 1) < 0x80;
}
