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

/** What a lease says: the server's time, what it took, how far ended leases were looked at, and in how long there may be a message. */
export interface LeaseRow {
  readonly atMs: number;
  readonly tookMs: number;
  readonly endedToMs: number;
  readonly nextInMs: number | undefined;
  readonly messages: LeasedMessage[];
  /** Since when the first message was ready. */
  readonly readyAtMs: number | undefined;
}

/** Reads the one row of a lease: lines of numbers, and the texts and bodies of all messages. */
export function leaseIn(row: Row, queue: string, leaseMs: number): LeaseRow {
  const lines = (row['numbers'] as string).split('\n');
  const [atMs = 0, tookMs = 0, endedToMs = 0, nextInMs] = (lines[0] as string).split(' ').map(Number);
  const messages: LeasedMessage[] = [];
  const [texts, bodies] = [row['texts'], row['bodies']] as [Buffer, Buffer];
  let [textAt, bodyAt] = [0, 0];
  const text = (length: number): string => texts.toString('utf8', textAt, (textAt += length));
  for (let index = 1; index < lines.length; index++) {
    const [sequence = '', token = '', ...rest] = (lines[index] as string).split(' ');
    const [lane, deliveryCount, attemptCount, putAtMs, , idLength, keyLength, headersLength, bodyLength] =
      rest.map(Number) as [number, number, number, number, number, number, number, number, number];
    const id = idLength < 0 ? idOfSequence(BigInt(sequence)) : textOfStored(text(idLength));
    const key = keyLength < 0 ? undefined : text(keyLength);
    messages.push({
      id: id as MessageId,
      queue,
      body: bytesOf(bodies.subarray(bodyAt, (bodyAt += bodyLength))),
      headers: headersLength < 0 ? {} : headersIn(text(headersLength)),
      lane,
      ...(key !== undefined && { key }),
      token: BigInt(token) as FencingToken,
      deliveryCount,
      attemptCount,
      putAtMs,
      leasedUntilMs: atMs + leaseMs,
    });
  }
  const readyAtMs = lines.length === 1 ? undefined : Number((lines[1] as string).split(' ')[6]);
  return { atMs, tookMs, endedToMs, nextInMs, messages, readyAtMs };
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
