import type { FencingToken, InspectedMessage, LeasedMessage, MessageId, MessageState } from '@quorate/core';
import type { KnownSequences } from './known-sequences.ts';
import { idOf } from './message-name.ts';
import { hasHeaders, hasId, hasKey, hasTimes } from './write-puts.ts';

/** What a stored message says of itself, see the scripts. */
interface Parsed {
  readonly id: MessageId;
  readonly lane: number;
  readonly key: string | undefined;
  readonly putAtMs: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** What became of a message that was ever leased, see the scripts. */
interface Leases {
  readonly token: number;
  readonly untilMs: number;
  readonly deliveryCount: number;
  readonly attemptCount: number;
  readonly owner: string;
  /** Where they were changed by a release. */
  readonly headers: Record<string, string> | undefined;
}

/**
 * The answer to a lease: messages with tokens that go up by one, those that come again with the record of their leases, and the first
 * `startedMax` with an attempt that was charged.
 */
export function readLeased(
  queue: string,
  [head, ...pieces]: readonly Buffer[],
  startedMax: number,
  known: KnownSequences,
): LeasedMessage[] {
  const [firstToken, leasedUntilMs] = [(head as Buffer).readDoubleBE(0), (head as Buffer).readDoubleBE(8)];
  const messages: LeasedMessage[] = [];
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const storedAt = at + 4;
      const recordAt = storedAt + piece.readUInt32BE(at) + 4;
      at = recordAt + piece.readUInt32BE(recordAt - 4);
      const { id, lane, key, putAtMs, headers, body } = parse(piece, storedAt, recordAt - 4);
      const leases = at === recordAt ? undefined : readLeases(piece.subarray(recordAt, at));
      const index = messages.length;
      const common = {
        queue,
        id,
        lane,
        putAtMs,
        headers: leases?.headers ?? headers,
        body,
        token: BigInt(firstToken + index) as FencingToken,
        deliveryCount: leases?.deliveryCount ?? 1,
        attemptCount: leases?.attemptCount ?? (index < startedMax ? 1 : 0),
        leasedUntilMs,
      };
      const leased: LeasedMessage = key === undefined ? common : { ...common, key };
      known.add(leased, piece.readDoubleBE(storedAt));
      messages.push(leased);
    }
  }
  return messages;
}

const states: Readonly<Record<string, MessageState>> = {
  r: 'ready',
  d: 'delayed',
  l: 'leased',
  h: 'held',
};

/** One message of an inspection: its state, its place, itself and its leases. */
export function readInspected(
  queue: string,
  [letter, place, stored, record]: readonly (number | Buffer)[],
): InspectedMessage {
  const { key, ...message } = parse(stored as Buffer, 0, (stored as Buffer).length);
  const leases = readLeases(record as Buffer);
  const state = states[String(letter)] as MessageState;
  const shown: InspectedMessage = {
    queue,
    ...message,
    ...(key === undefined ? {} : { key }),
    headers: leases?.headers ?? message.headers,
    deliveryCount: leases?.deliveryCount ?? 0,
    attemptCount: leases?.attemptCount ?? 0,
    state,
    readyAtMs: Math.floor((place as number) / 1000),
  };
  if (leases === undefined || state !== 'leased') return shown;
  return { ...shown, owner: leases.owner, leasedUntilMs: leases.untilMs };
}

/** What stands in `bytes` from one place to another. */
function parse(bytes: Buffer, from: number, to: number): Parsed {
  const sequence = bytes.readDoubleBE(from);
  const flags = bytes[from + 8] as number;
  let at = from + (flags < hasTimes ? 9 : 17);
  let id: MessageId | undefined;
  let key: string | undefined;
  let headers: Record<string, string> = {};
  if ((flags & hasId) !== 0) {
    const end = at + 2 + bytes.readUInt16BE(at);
    id = bytes.toString('utf8', at + 2, end) as MessageId;
    at = end;
  }
  if ((flags & hasKey) !== 0) {
    const end = at + 2 + bytes.readUInt16BE(at);
    key = bytes.toString('utf8', at + 2, end);
    at = end + 8;
  }
  if ((flags & hasHeaders) !== 0) {
    const end = at + 4 + bytes.readUInt32BE(at);
    headers = readHeaders(bytes.subarray(at + 4, end));
    at = end;
  }
  const putAtMs = Math.floor(sequence / 1000);
  const body = new Uint8Array(to - at);
  bytes.copy(body, 0, at, to);
  return { id: id ?? idOf(sequence), lane: flags & 15, key, putAtMs, headers, body };
}

function readLeases(record: Buffer): Leases | undefined {
  if (record.length === 0) return undefined;
  const ownerEnd = 35 + record.readUInt16BE(33);
  return {
    token: record.readDoubleBE(0),
    untilMs: record.readDoubleBE(8),
    deliveryCount: record.readUInt32BE(16),
    attemptCount: record.readUInt32BE(20),
    owner: record.toString('utf8', 35, ownerEnd),
    headers: ((record[32] as number) & hasHeaders) === 0 ? undefined : readHeaders(record.subarray(ownerEnd)),
  };
}

function readHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 4 + bytes.readUInt32BE(at);
    const valueEnd = nameEnd + 4 + bytes.readUInt32BE(nameEnd);
    const name = bytes.toString('utf8', at + 4, nameEnd);
    const value = bytes.toString('utf8', nameEnd + 4, valueEnd);
    if (name !== '__proto__') headers[name] = value;
    else
      Object.defineProperty(headers, name, { value, enumerable: true, configurable: true, writable: true });
    at = valueEnd;
  }
  return headers;
}
