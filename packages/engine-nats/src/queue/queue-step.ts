import type { LeaseHandle, LeaseQuery, MessageId, QueuePut, Settlement, StateWrite } from '@quorate/core';
import { readMany } from '../delta.ts';
import { readHeaders, readPut, readState, writeHeaders, writePut, writeState } from './message-codec.ts';
import type { NameReader, NameWriter } from './name-codec.ts';

/** What is done to a partition: a step of `QueuePartition`, or a wish to write down what it holds. */
export type QueueStep =
  /** Its id is given, by the sender or by the client. */
  | { readonly type: 'put'; readonly put: QueuePut }
  | { readonly type: 'lease'; readonly queue: string; readonly query: LeaseQuery }
  | {
      readonly type: 'extend';
      readonly lease: LeaseHandle;
      readonly leaseMs: number;
      readonly started: boolean;
    }
  | { readonly type: 'settle'; readonly settlement: Settlement }
  | { readonly type: 'write'; readonly write: StateWrite }
  | { readonly type: 'abandon'; readonly queue: string; readonly owner: string }
  | { readonly type: 'remove'; readonly queue: string; readonly id: MessageId }
  | { readonly type: 'purge'; readonly queue: string }
  | { readonly type: 'image' };

const types = ['put', 'lease', 'extend', 'settle', 'write', 'abandon', 'remove', 'purge', 'image'] as const;

export function writeStep(writer: NameWriter, step: QueueStep): void {
  writer.byte(types.indexOf(step.type));
  switch (step.type) {
    case 'put':
      return writePut(writer, step.put);
    case 'lease':
      return writeLease(writer.name(step.queue), step.query);
    case 'extend':
      writeHandle(writer, step.lease);
      writer.integer(Math.ceil(step.leaseMs)).byte(step.started ? 1 : 0);
      return;
    case 'settle':
      return writeSettlement(writer, step.settlement);
    case 'write':
      return writeState(writer, step.write);
    case 'abandon':
      writer.name(step.queue).text(step.owner);
      return;
    case 'remove':
      writer.name(step.queue).text(step.id);
      return;
    case 'purge':
      writer.name(step.queue);
      return;
    case 'image':
  }
}

/** @throws RangeError where it is none */
export function readStep(reader: NameReader): QueueStep {
  const number = reader.byte();
  const type = types[number];
  if (type === undefined) throw new RangeError(`Step must be one of ${types.join()}: received ${number}`);
  switch (type) {
    case 'put':
      return { type, put: readPut(reader) };
    case 'lease':
      return { type, queue: reader.name(), query: readLease(reader) };
    case 'extend': {
      const lease = readHandle(reader);
      return { type, lease, leaseMs: reader.integer(), started: reader.byte() === 1 };
    }
    case 'settle':
      return { type, settlement: readSettlement(reader) };
    case 'write':
      return { type, write: readState(reader) };
    case 'abandon':
      return { type, queue: reader.name(), owner: reader.text() };
    case 'remove':
      return { type, queue: reader.name(), id: reader.text() as MessageId };
    case 'purge':
      return { type, queue: reader.name() };
    case 'image':
      return { type };
    default:
      throw new TypeError(`Step must be one that is known: received ${String(type satisfies never)}`);
  }
}

function writeLease(
  writer: NameWriter,
  { messagesMax, leaseMs, lanes, owner, startedMax }: LeaseQuery,
): void {
  writer.integer(messagesMax).integer(Math.ceil(leaseMs)).name(owner).integer(startedMax);
  writer.integer(lanes === undefined ? 0 : lanes.length + 1);
  for (const lane of lanes ?? []) writer.byte(lane);
}

function readLease(reader: NameReader): LeaseQuery {
  const [messagesMax, leaseMs, owner] = [reader.integer(), reader.integer(), reader.name()];
  const startedMax = reader.integer();
  const count = reader.integer();
  const lanes = count === 0 ? undefined : Array.from({ length: count - 1 }, () => reader.byte());
  return { messagesMax, leaseMs, lanes, owner, startedMax };
}

function writeHandle(writer: NameWriter, { queue, id, token }: LeaseHandle): void {
  // No token that was given is that large.
  const number = token <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(token) : 0;
  writer.name(queue).text(id).integer(number);
}

function readHandle(reader: NameReader): LeaseHandle {
  const [queue, id] = [reader.name(), reader.text() as MessageId];
  return { queue, id, token: BigInt(reader.integer()) as LeaseHandle['token'] };
}

const actions = ['acknowledge', 'release', 'move'] as const;
const follows = 4;
const unstarts = 8;

function writeSettlement(writer: NameWriter, { lease, action, puts = [], state = [] }: Settlement): void {
  writeHandle(writer, lease);
  const hasMore = puts.length > 0 || state.length > 0;
  const isUnstarted = action.type === 'release' && action.unstarted === true;
  writer.byte(actions.indexOf(action.type) | (hasMore ? follows : 0) | (isUnstarted ? unstarts : 0));
  if (action.type === 'release') writer.integer(Math.ceil(action.delayMs));
  else if (action.type === 'move') writer.name(action.queue);
  if (action.type !== 'acknowledge') writeHeaders(writer, action.headers ?? {});
  if (!hasMore) return;
  writer.integer(puts.length);
  for (const put of puts) writePut(writer, put);
  writer.integer(state.length);
  for (const write of state) writeState(writer, write);
}

function readSettlement(reader: NameReader): Settlement {
  const lease = readHandle(reader);
  const flags = reader.byte();
  const action = readAction(reader, flags & ~follows & ~unstarts, (flags & unstarts) !== 0);
  if ((flags & follows) === 0) return { lease, action };
  const puts = readMany(reader, () => readPut(reader));
  return { lease, action, puts, state: readMany(reader, () => readState(reader)) };
}

function readAction(reader: NameReader, number: number, unstarted: boolean): Settlement['action'] {
  const type = actions[number];
  if (type === 'acknowledge') return { type };
  if (type === 'release') {
    return { type, delayMs: reader.integer(), headers: readHeaders(reader), unstarted };
  }
  if (type === 'move') return { type, queue: reader.name(), headers: readHeaders(reader) };
  throw new RangeError(`Action must be one of ${actions.join()}: received ${number}`);
}
