import { fencingToken, messageId } from '../ids.ts';
import { checkInteger, checkKey, partitionOf } from '../store/store-arguments.ts';
import {
  laneMax,
  type LeaseHandle,
  type LeaseOptions,
  type MessageState,
  type NewMessage,
  pageMax,
  type QueuePut,
  type Settlement,
  type StateWrite,
} from './queue-store.ts';

/** The longest time of a lease, a delay or a memory: what a timer can wait for. */
export const durationMaxMs: number = 2 ** 31 - 1;

/** The longest name of an owner, in UTF-16 code units. */
const ownerLengthMax = 255;

/** @throws TypeError, RangeError */
export function checkPuts(puts: readonly QueuePut[], bodyMaxBytes: number): void {
  checkCount('Puts', puts);
  // Nearly always all are of one queue, and have headers in common.
  let checked: string | undefined;
  const measured: MeasuredHeaders = { headers: undefined, bytes: 0 };
  for (const { queue, message } of puts) {
    if (queue !== checked) checkKey('Queue', queue);
    checked = queue;
    checkMessage(queue, message, bodyMaxBytes, measured);
  }
}

/** Headers that were the last to be checked. */
interface MeasuredHeaders {
  headers: NewMessage['headers'];
  bytes: number;
}

/** @throws TypeError, RangeError */
function checkMessage(
  queue: string,
  message: NewMessage,
  bodyMaxBytes: number,
  measured: MeasuredHeaders,
): void {
  const { id, rememberMs, lane, key, keyActiveMax, readyAtMs, delayMs } = message;
  if (id !== undefined) checkId(id);
  checkBody(queue, message, bodyMaxBytes, measured);
  if (rememberMs !== undefined) checkDuration('Time to remember an id, in ms,', rememberMs, 0);
  if (rememberMs !== undefined && id === undefined)
    throw new RangeError(`An id must be given to be remembered: received none, and rememberMs ${rememberMs}`);
  if (lane !== undefined) checkLane(lane);
  if (key !== undefined) checkKey('Key of a message', key);
  if (keyActiveMax !== undefined) checkInteger('Active messages of a key', keyActiveMax, 1);
  if (readyAtMs !== undefined && delayMs !== undefined)
    throw new RangeError(
      `A message must have one of readyAtMs and delayMs: received ${readyAtMs} and ${delayMs}`,
    );
  if (readyAtMs !== undefined) checkTime('Time a message is ready', readyAtMs);
  if (delayMs !== undefined) checkDuration('Delay in ms', delayMs, 0);
}

/** @throws TypeError, RangeError */
function checkId(id: string): void {
  if (messageId(id).startsWith('~'))
    throw new RangeError(`Message id must not begin with "~": received "${id}"`);
  textBytes('Message id', id);
}

/** @throws TypeError, RangeError */
function checkBody(
  queue: string,
  { body, headers }: NewMessage,
  bodyMaxBytes: number,
  measured: MeasuredHeaders,
): void {
  if (!(body instanceof Uint8Array))
    throw new TypeError(`Body of a message to "${queue}" must be a Uint8Array: received ${String(body)}`);
  if (headers !== measured.headers) {
    measured.bytes = headers === undefined ? 0 : headerBytes(headers);
    measured.headers = headers;
  }
  const bytes = body.length + measured.bytes;
  if (bytes <= bodyMaxBytes) return;
  throw new RangeError(
    `Body and headers of a message to "${queue}" must be at most ${bodyMaxBytes} bytes: received ${bytes}`,
  );
}

/** How many bytes headers take, each with its name. @throws TypeError, RangeError */
function headerBytes(headers: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string')
      throw new TypeError(`Header "${name}" must be a string: received ${String(value)}`);
    bytes += textBytes('Name of a header', name) + textBytes('Header', value);
  }
  return bytes;
}

/** @throws TypeError, RangeError */
export function checkLease(queue: string, options: LeaseOptions): void {
  checkKey('Queue', queue);
  const { messagesMax, leaseMs, lanes, owner, waitMs = 0, startedMax = 0 } = options;
  checkInteger('Messages to lease', messagesMax, 1);
  if (messagesMax > pageMax)
    throw new RangeError(`Messages to lease must be at most ${pageMax}: received ${messagesMax}`);
  checkDuration('Lease in ms', leaseMs, 1);
  for (const lane of lanes ?? []) checkLane(lane);
  checkOwner(owner);
  checkInteger('Messages that start at once', startedMax, 0);
  if (!(waitMs >= 0)) throw new RangeError(`Wait in ms must be at least 0: received ${waitMs}`);
}

/** @throws TypeError, RangeError */
export function checkExtension(leases: readonly LeaseHandle[], leaseMs: number): void {
  checkCount('Leases', leases);
  for (const lease of leases) checkHandle(lease);
  checkDuration('Lease in ms', leaseMs, 1);
}

/** @throws TypeError, RangeError */
export function checkSettlements(settlements: readonly Settlement[], bodyMaxBytes: number): void {
  checkCount('Settlements', settlements);
  for (const settlement of settlements) checkSettlement(settlement, bodyMaxBytes);
}

/** @throws TypeError, RangeError */
function checkSettlement({ lease, action, puts = [], state = [] }: Settlement, bodyMaxBytes: number): void {
  checkHandle(lease);
  const { queue } = lease;
  if (action.type === 'release') checkDuration('Delay in ms', action.delayMs, 0);
  else if (action.type === 'move') checkBeside(queue, 'Queue', action.queue);
  else if (action.type !== 'acknowledge') {
    const { type } = action as { readonly type: unknown };
    throw new TypeError(`Action must be acknowledge, release or move: received ${String(type)}`);
  }
  if ('headers' in action) headerBytes(action.headers ?? {});
  for (const put of puts) {
    checkKey('Queue', put.queue);
    checkMessage(put.queue, put.message, bodyMaxBytes, { headers: undefined, bytes: 0 });
    checkBeside(queue, 'Queue', put.queue);
  }
  const written = new Set<string>();
  for (const write of state) {
    checkState(write, bodyMaxBytes);
    checkBeside(queue, 'Key', write.key);
    if (written.has(write.key))
      throw new RangeError(`Key of a settlement must be written once: received "${write.key}" twice`);
    written.add(write.key);
  }
}

/** @throws TypeError, RangeError */
export function checkState(write: StateWrite, valueMaxBytes: number): void {
  const { key, value, version, expiresAtMs } = write;
  checkKey('Key', key);
  if (version !== undefined) checkInteger(`Version of "${key}"`, version, 0);
  if (expiresAtMs !== undefined) checkTime(`Expiry of "${key}"`, expiresAtMs);
  if (value === undefined) return;
  if (!(value instanceof Uint8Array))
    throw new TypeError(`Value of "${key}" must be a Uint8Array or undefined: received ${String(value)}`);
  if (value.length <= valueMaxBytes) return;
  throw new RangeError(`Value of "${key}" must be at most ${valueMaxBytes} bytes: received ${value.length}`);
}

const messageStates: readonly unknown[] = ['ready', 'delayed', 'leased', 'held'] satisfies MessageState[];

/** @throws RangeError */
export function checkMessageState(state: MessageState | undefined): void {
  if (state === undefined || messageStates.includes(state)) return;
  throw new RangeError(
    `State of messages must be one of ${messageStates.join(', ')}: received ${JSON.stringify(state)}`,
  );
}

/** @throws TypeError, RangeError */
export function checkOwner(owner: string): void {
  if (typeof owner !== 'string') throw new TypeError(`Owner must be a string: received ${String(owner)}`);
  if (owner.length === 0 || owner.length > ownerLengthMax)
    throw new RangeError(`Owner must have 1 to ${ownerLengthMax} characters: received ${owner.length}`);
  textBytes('Owner', owner);
}

/** @throws TypeError, RangeError */
function checkHandle({ queue, id, token }: LeaseHandle): void {
  checkKey('Queue', queue);
  messageId(id);
  fencingToken(token);
}

/** @throws RangeError unless what a settlement touches lies beside its message */
function checkBeside(queue: string, what: string, name: string): void {
  checkKey(what, name);
  if (partitionOf(name) === partitionOf(queue)) return;
  throw new RangeError(`${what} of a settlement must lie in the partition of "${queue}": received "${name}"`);
}

/** @throws RangeError */
function checkLane(lane: number): void {
  if (Number.isInteger(lane) && lane >= 0 && lane <= laneMax) return;
  throw new RangeError(`Lane must be an integer from 0 to ${laneMax}: received ${String(lane)}`);
}

/** @throws RangeError */
function checkDuration(what: string, durationMs: number, min: number): void {
  // What is no number passes for one in a comparison, and for something else where it is added.
  if (typeof durationMs === 'number' && durationMs >= min && durationMs <= durationMaxMs) return;
  throw new RangeError(`${what} must be from ${min} to ${durationMaxMs}: received ${String(durationMs)}`);
}

/** @throws RangeError */
function checkTime(what: string, atMs: number): void {
  if (typeof atMs === 'number' && atMs >= 0 && atMs <= Number.MAX_SAFE_INTEGER) return;
  throw new RangeError(
    `${what} must be from 0 to ${Number.MAX_SAFE_INTEGER} ms since 1970: received ${String(atMs)}`,
  );
}

/** @throws TypeError, RangeError */
function checkCount(what: string, items: readonly unknown[]): void {
  if (!Array.isArray(items)) throw new TypeError(`${what} must be an array: received ${String(items)}`);
  if (items.length <= pageMax) return;
  throw new RangeError(`${what} must be at most ${pageMax} in a call: received ${items.length}`);
}

/**
 * How many bytes of UTF-8 a text takes. One that every engine can keep: lone surrogates have no UTF-8, so that two such ids would become
 * one, and PostgreSQL knows no NUL in texts.
 *
 * @throws RangeError
 */
function textBytes(what: string, text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0) throw illFormed(what, text);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes++;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 2;
    else if (unit < 0xdc00 && isTrail(text.charCodeAt(index + 1))) {
      // A pair takes four bytes.
      bytes += 2;
      index++;
    } else throw illFormed(what, text);
  }
  return bytes;
}

function isTrail(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

function illFormed(what: string, text: string): RangeError {
  return new RangeError(`${what} must be well-formed Unicode without NUL: received ${JSON.stringify(text)}`);
}
