import type { MessageId } from '../ids.ts';
import { ownedHeaders } from './owned-message.ts';
import type { InspectedMessage, LeasedMessage, MessageState } from './queue-store.ts';

/** Where a message is: `waiting` in a lane, `held` behind others of its key, or leased. */
export type Whereabouts = 'waiting' | 'held' | 'leased' | 'gone';

/** A message as its queue holds it. */
export interface QueuedMessage {
  readonly id: MessageId;
  readonly body: Uint8Array;
  readonly lane: number;
  readonly key: string | undefined;
  readonly keyActiveMax: number;
  readonly putAtMs: number;
  /** In which order messages were put; unique in the partition. */
  readonly sequence: number;
  headers: Readonly<Record<string, string>>;
  where: Whereabouts;
  readyAtMs: number;
  /** Its turn among those that are ready since the same time: when it was put or released. */
  turn: number;
  /** Of its last lease; raised once more when that is over for good. 0 before the first. */
  token: number;
  owner: string;
  leasedUntilMs: number;
  deliveryCount: number;
  attemptCount: number;
}

/** What a queue takes in: an id of its own is chosen, and its time is on the engine's clock. */
export type Arrival = Pick<
  QueuedMessage,
  'id' | 'body' | 'headers' | 'lane' | 'key' | 'keyActiveMax' | 'readyAtMs' | 'putAtMs' | 'sequence'
>;

export function queued(arrival: Arrival): QueuedMessage {
  return {
    id: arrival.id,
    body: arrival.body,
    lane: arrival.lane,
    key: arrival.key,
    keyActiveMax: arrival.keyActiveMax,
    putAtMs: arrival.putAtMs,
    sequence: arrival.sequence,
    headers: arrival.headers,
    where: 'waiting',
    readyAtMs: arrival.readyAtMs,
    turn: arrival.sequence,
    token: 0,
    owner: '',
    leasedUntilMs: 0,
    deliveryCount: 0,
    attemptCount: 0,
  };
}

/** What its holder is given. */
export function leased(queue: string, message: QueuedMessage): LeasedMessage {
  const { id, body, headers, lane, key, deliveryCount, attemptCount, putAtMs, leasedUntilMs } = message;
  // Written out, and not made of what an operator is shown: it is made for each message that is handled.
  const shown = {
    id,
    queue,
    body: new Uint8Array(body),
    headers: ownedHeaders(headers),
    lane,
    deliveryCount,
    attemptCount,
    putAtMs,
    token: BigInt(message.token) as LeasedMessage['token'],
    leasedUntilMs,
  };
  return key === undefined ? shown : { ...shown, key };
}

/** What an operator is shown. */
export function inspected(queue: string, message: QueuedMessage, nowMs: number): InspectedMessage {
  const state = stateOf(message, nowMs);
  const { readyAtMs, owner, leasedUntilMs } = message;
  const shown = { ...described(queue, message), state, readyAtMs };
  return state === 'leased' ? { ...shown, owner, leasedUntilMs } : shown;
}

export function stateOf({ where, readyAtMs }: QueuedMessage, nowMs: number): MessageState {
  if (where === 'leased' || where === 'held') return where;
  return readyAtMs <= nowMs ? 'ready' : 'delayed';
}

function described(queue: string, message: QueuedMessage): Omit<LeasedMessage, 'token' | 'leasedUntilMs'> {
  const { id, body, headers, lane, key, deliveryCount, attemptCount, putAtMs } = message;
  return {
    id,
    queue,
    body: new Uint8Array(body),
    headers: ownedHeaders(headers),
    lane,
    ...(key === undefined ? {} : { key }),
    deliveryCount,
    attemptCount,
    putAtMs,
  };
}
