import type { MessageId } from '../ids.ts';
import type { Arrival } from './arrivals.ts';
import type { BytePieces } from './byte-pieces.ts';
import { ownedHeaders } from './owned-message.ts';
import type { MessageImage } from './partition-image.ts';
import type { QueueCell } from './queue-cell.ts';
import type { InspectedMessage, LeasedMessage, MessageState } from './queue-store.ts';

/** Where a message is: `waiting` in a lane, `held` behind others of its key, or leased. */
export type Whereabouts = 'waiting' | 'held' | 'leased' | 'gone';

/** The last lease of a message, and what has become of that since it came. Each lease is an object of its own. */
export interface Lease {
  readonly cell: QueueCell;
  readonly message: QueuedMessage;
  readonly owner: string;
  /** Raised once more when the lease is over for good. */
  token: number;
  untilMs: number;
  /** When to see whether it has ended; later than that it may have been extended. */
  lookAtMs: number;
  /** When its message could be leased, or can be again. */
  readyAtMs: number;
  /** Its message's turn among those that are ready since the same time: when it was put or released. */
  turn: number;
  deliveryCount: number;
  attemptCount: number;
}

/**
 * A message as its queue holds it. There may be millions that wait: what they have in common, and what only those have that were leased,
 * stands in objects beside them; and the body is no `Uint8Array`, which takes as much as a short one.
 */
export class QueuedMessage {
  readonly id: MessageId;
  readonly key: string | undefined;
  /** In which order messages were put; unique in the partition. */
  readonly sequence: number;
  arrival: Arrival;
  where: Whereabouts = 'waiting';
  /** Undefined before the first. */
  lease: Lease | undefined = undefined;
  readonly #memory: ArrayBufferLike;
  readonly #start: number;
  readonly #length: number;

  /** @param body which is its own from now on */
  constructor(id: MessageId, key: string | undefined, sequence: number, body: Uint8Array, arrival: Arrival) {
    this.id = id;
    this.key = key;
    this.sequence = sequence;
    this.arrival = arrival;
    this.#memory = body.buffer;
    this.#start = body.byteOffset;
    this.#length = body.length;
  }

  /** What is read, and never written to. */
  get body(): Uint8Array {
    return new Uint8Array(this.#memory, this.#start, this.#length);
  }

  /** The same message once more, with a lease of its own. */
  copy(): QueuedMessage {
    const copy = new QueuedMessage(this.id, this.key, this.sequence, this.body, this.arrival);
    copy.where = this.where;
    if (this.lease !== undefined) copy.lease = { ...this.lease, message: copy };
    return copy;
  }

  get bodyBytes(): number {
    return this.#length;
  }

  get readyAtMs(): number {
    return this.lease === undefined ? this.arrival.readyAtMs : this.lease.readyAtMs;
  }

  get turn(): number {
    return this.lease === undefined ? this.sequence : this.lease.turn;
  }
}

/** Leases a message, after whatever it was before. */
export function leaseOf(
  cell: QueueCell,
  message: QueuedMessage,
  owner: string,
  token: number,
  untilMs: number,
  isStarted: boolean,
): Lease {
  const { lease: before, readyAtMs, turn } = message;
  const lease: Lease = {
    cell,
    message,
    owner,
    token,
    untilMs,
    lookAtMs: untilMs,
    readyAtMs,
    turn,
    deliveryCount: (before === undefined ? 0 : before.deliveryCount) + 1,
    attemptCount: (before === undefined ? 0 : before.attemptCount) + (isStarted ? 1 : 0),
  };
  message.lease = lease;
  message.where = 'leased';
  return lease;
}

/** What its holder is given, whose body lies in `pieces`. */
export function leased(
  queue: string,
  { id, key, body, arrival }: QueuedMessage,
  lease: Lease,
  pieces: BytePieces,
): LeasedMessage {
  // Written out, and not made of what an operator is shown: it is made for each message that is handled.
  const shown = {
    id,
    queue,
    body: pieces.copyOf(body),
    headers: ownedHeaders(arrival.headers),
    lane: arrival.lane,
    deliveryCount: lease.deliveryCount,
    attemptCount: lease.attemptCount,
    putAtMs: arrival.putAtMs,
    token: BigInt(lease.token) as LeasedMessage['token'],
    leasedUntilMs: lease.untilMs,
  };
  return key === undefined ? shown : { ...shown, key };
}

/** What an operator is shown. */
export function inspected(queue: string, message: QueuedMessage, nowMs: number): InspectedMessage {
  const { id, key, body, arrival, lease, readyAtMs } = message;
  const state = stateOf(message, nowMs);
  const shown = {
    id,
    queue,
    body: new Uint8Array(body),
    headers: ownedHeaders(arrival.headers),
    lane: arrival.lane,
    ...(key === undefined ? {} : { key }),
    deliveryCount: lease?.deliveryCount ?? 0,
    attemptCount: lease?.attemptCount ?? 0,
    putAtMs: arrival.putAtMs,
    state,
    readyAtMs,
  };
  if (state !== 'leased' || lease === undefined) return shown;
  return { ...shown, owner: lease.owner, leasedUntilMs: lease.untilMs };
}

export function stateOf({ where, readyAtMs }: QueuedMessage, nowMs: number): MessageState {
  if (where === 'leased' || where === 'held') return where;
  return readyAtMs <= nowMs ? 'ready' : 'delayed';
}

/** The whole of it as data. */
export function imageOf({
  id,
  key,
  sequence,
  body,
  arrival,
  where,
  lease,
  turn,
  readyAtMs,
}: QueuedMessage): MessageImage {
  const { headers, lane, keyActiveMax, putAtMs } = arrival;
  return {
    id,
    body,
    lane,
    key,
    keyActiveMax,
    putAtMs,
    sequence,
    headers,
    where,
    readyAtMs,
    turn,
    token: lease?.token ?? 0,
    owner: lease?.owner ?? '',
    leasedUntilMs: lease?.untilMs ?? 0,
    deliveryCount: lease?.deliveryCount ?? 0,
    attemptCount: lease?.attemptCount ?? 0,
  };
}

/** What an image says of a message, as a queue holds it. */
export function messageOf(cell: QueueCell, image: MessageImage, arrival: Arrival): QueuedMessage {
  const { id, key, sequence, body, where, token, owner, leasedUntilMs } = image;
  const message = new QueuedMessage(id, key, sequence, body, arrival);
  message.where = where;
  if (token === 0) return message;
  const { readyAtMs, turn, deliveryCount, attemptCount } = image;
  message.lease = {
    cell,
    message,
    owner,
    token,
    untilMs: leasedUntilMs,
    lookAtMs: leasedUntilMs,
    readyAtMs,
    turn,
    deliveryCount,
    attemptCount,
  };
  return message;
}
