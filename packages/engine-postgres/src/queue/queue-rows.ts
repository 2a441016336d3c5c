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

/** A leased message. */
export function leasedOf(row: Row, queue: string): LeasedMessage {
  return {
    ...messageOf(row, queue),
    token: BigInt(row['token'] as string) as FencingToken,
    leasedUntilMs: Number(row['leased_until']),
  };
}

/** A message as an operator is shown it. */
export function inspectedOf(row: Row, queue: string): InspectedMessage {
  const state = row['state'] as MessageState;
  const shown = { ...messageOf(row, queue), state, readyAtMs: Number(row['ready_at']) };
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

function messageOf(row: Row, queue: string): Omit<LeasedMessage, 'token' | 'leasedUntilMs'> {
  const { id, key, headers } = row as { id: string | null; key: string | null; headers: string | null };
  return {
    id: (id === null ? idOfSequence(BigInt(row['seq'] as string)) : textOfStored(id)) as MessageId,
    queue,
    body: bytesOf(row['body']),
    headers: headers === null ? {} : headersIn(headers),
    lane: row['lane'] as number,
    ...(key === null ? {} : { key }),
    deliveryCount: row['deliveries'] as number,
    attemptCount: row['attempts'] as number,
    putAtMs: Number(row['put_at']),
  };
}

/** Objects one to a line, later ones over earlier ones. */
function headersIn(text: string): Record<string, string> {
  let headers: Record<string, string> = {};
  for (const line of text.split('\n'))
    headers = { ...headers, ...(JSON.parse(line) as Record<string, string>) };
  return headers;
}

/** A copy: what the client gives is a part of a larger buffer. */
function bytesOf(value: unknown): Uint8Array {
  return new Uint8Array(value as Uint8Array);
}
