import type {
  FencingToken,
  InspectedMessage,
  LeasedMessage,
  MessageId,
  MessageState,
  StateRecord,
} from '@quorate/core';
import type { Row } from '../rows.ts';
import { idOfSequence } from './lease-handles.ts';
import { nameOf, textOfStored } from './stored-name.ts';

/** A leased message, as a lease gives it. */
export function leasedOf(row: Row, queue: string, leasedUntilMs: number): LeasedMessage {
  const [sequence = '', token = '', ...numbers] = numbersOfRow(row);
  const [lane, deliveryCount, attemptCount, putAtMs] = numbers.map(Number) as [
    number,
    number,
    number,
    number,
  ];
  return {
    ...textsOf(row, sequence),
    queue,
    lane,
    deliveryCount,
    attemptCount,
    putAtMs,
    token: BigInt(token) as FencingToken,
    leasedUntilMs,
  };
}

/** What a lease says last: the server's time, what it took, how far ended leases were looked at, and in how long there may be a message. */
export function endOf(row: Row): {
  readonly atMs: number;
  readonly tookMs: number;
  readonly endedToMs: number;
  readonly nextInMs: number | undefined;
} {
  const [atMs = 0, tookMs = 0, endedToMs = 0, nextInMs] = numbersOfRow(row).map(Number);
  return { atMs, tookMs, endedToMs, nextInMs };
}

/** Since when a leased message was ready. */
export function readyAtOf(row: Row): number {
  return Number(numbersOfRow(row).at(-1));
}

/** A message as an operator is shown it. */
export function inspectedOf(row: Row, queue: string): InspectedMessage {
  const state = row['state'] as MessageState;
  const shown = {
    ...textsOf(row, row['seq'] as string),
    queue,
    lane: row['lane'] as number,
    deliveryCount: row['deliveries'] as number,
    attemptCount: row['attempts'] as number,
    putAtMs: Number(row['put_at']),
    state,
    readyAtMs: Number(row['ready_at']),
  };
  if (state !== 'leased') return shown;
  return {
    ...shown,
    owner: textOfStored(row['owner'] as string),
    leasedUntilMs: Number(row['leased_until']),
  };
}

export function recordOf(row: Row, key: string = nameOf(row['key'] as string)): StateRecord {
  const expires = row['expires_at'];
  return {
    key,
    value: bytesOf(row['value']),
    version: Number(row['version']),
    ...(expires === null ? {} : { expiresAtMs: Number(expires) }),
  };
}

function textsOf(
  row: Row,
  sequence: string,
): Pick<LeasedMessage, 'id' | 'body' | 'headers'> & { readonly key?: string } {
  const { id, key, headers } = row as { id: string | null; key: string | null; headers: string | null };
  return {
    id: (id === null ? idOfSequence(BigInt(sequence)) : textOfStored(id)) as MessageId,
    body: bytesOf(row['body']),
    headers: headers === null ? {} : headersIn(headers),
    ...(key === null ? {} : { key }),
  };
}

function numbersOfRow(row: Row): string[] {
  return (row['numbers'] as string).split(' ');
}

/** Objects one to a line, later ones over earlier ones. */
function headersIn(text: string): Record<string, string> {
  if (!text.includes('\n')) return JSON.parse(text) as Record<string, string>;
  let headers: Record<string, string> = {};
  for (const line of text.split('\n'))
    headers = { ...headers, ...(JSON.parse(line) as Record<string, string>) };
  return headers;
}

/** A copy: what the client gives is a part of a larger buffer. */
function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as Uint8Array);
}
