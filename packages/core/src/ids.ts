import type { Brand } from './brand.ts';

/** Names a member of a cluster. Unique among the living members, chosen by the operator. */
export type NodeId = Brand<string, 'NodeId'>;

/** Names a session of a Store. Never used twice: an absent session is a dead one. */
export type SessionId = Brand<string, 'SessionId'>;

/** Names a message of a QueueStore. */
export type MessageId = Brand<string, 'MessageId'>;

/** Names a replication group, so that one transport and one journal can serve many. */
export type GroupId = Brand<number, 'GroupId'>;

/**
 * The position of a change in the history of a Store's partition: a positive integer below 2^53 that never goes back, and
 * 0 for what is before every change.
 * Engines whose data can be lost raise it to the server's clock in microseconds, which fits until the year 2255.
 */
export type Revision = Brand<number, 'Revision'>;

/** A leader's term (Ongaro 2014, §3.3): a non-negative integer that only grows. */
export type Term = Brand<number, 'Term'>;

/** The position of an entry in a replicated log, from 1; 0 is the place before the first. */
export type LogIndex = Brand<number, 'LogIndex'>;

/** A number that grows with each grant of a resource, by which the resource refuses whoever held it before. */
export type FencingToken = Brand<bigint, 'FencingToken'>;

/** Names one boot of one machine: boot times compare only under the same boot id. */
export type BootId = Brand<string, 'BootId'>;

/** The longest id in UTF-16 code units. Ids are sent with every message, so they are kept short. */
export const idLengthMax: number = 255;

function checkText(what: string, value: string): string {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string: received ${String(value)}`);
  if (value.length === 0) throw new RangeError(`${what} must not be empty`);
  if (value.length > idLengthMax) {
    throw new RangeError(`${what} must be at most ${idLengthMax} characters: received ${value.length}`);
  }
  return value;
}

function checkInteger(what: string, value: number, max: number): number {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new RangeError(`${what} must be an integer from 0 to ${max}: received ${String(value)}`);
  }
  return value;
}

/** Makes a node id. @throws RangeError when empty or longer than {@link idLengthMax} */
export function nodeId(value: string): NodeId {
  return checkText('Node id', value) as NodeId;
}

/** Makes a session id. @throws RangeError when empty or longer than {@link idLengthMax} */
export function sessionId(value: string): SessionId {
  return checkText('Session id', value) as SessionId;
}

/** Makes a message id. @throws RangeError when empty or longer than {@link idLengthMax} */
export function messageId(value: string): MessageId {
  return checkText('Message id', value) as MessageId;
}

/** Makes a group id. @throws RangeError unless an integer from 0 to 2^32 - 1 */
export function groupId(value: number): GroupId {
  return checkInteger('Group id', value, 0xffff_ffff) as GroupId;
}

/** Makes a revision. @throws RangeError unless an integer from 0 to 2^53 - 1 */
export function revision(value: number): Revision {
  return checkInteger('Revision', value, Number.MAX_SAFE_INTEGER) as Revision;
}

/** Makes a term. @throws RangeError unless an integer from 0 to 2^53 - 1 */
export function term(value: number): Term {
  return checkInteger('Term', value, Number.MAX_SAFE_INTEGER) as Term;
}

/** Makes a log index. @throws RangeError unless an integer from 0 to 2^53 - 1 */
export function logIndex(value: number): LogIndex {
  return checkInteger('Log index', value, Number.MAX_SAFE_INTEGER) as LogIndex;
}

/** Makes a fencing token. @throws RangeError when negative */
export function fencingToken(value: bigint): FencingToken {
  if (typeof value !== 'bigint')
    throw new TypeError(`Fencing token must be a bigint: received ${String(value)}`);
  if (value < 0n) throw new RangeError(`Fencing token must be at least 0: received ${value}`);
  return value as FencingToken;
}

/** Makes a boot id. @throws RangeError when empty or longer than {@link idLengthMax} */
export function bootId(value: string): BootId {
  return checkText('Boot id', value) as BootId;
}
