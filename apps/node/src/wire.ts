import { fieldsOf } from './http/json.ts';
import { checkedKey, checkedValue } from './http/request-key.ts';
import type { Limits } from './limits.ts';
import type { Entry, Operation, Reply } from './operation.ts';
import type { Page } from './outbox.ts';
import { isProblemBody, Problem } from './problem.ts';

/**
 * How nodes write operations, replies and entries to each other: JSON arrays, with values in base64.
 *
 * Arrays rather than objects, because then no key of a user ever becomes the name of a property: `__proto__` is a key
 * like any other.
 */
export type WireOperation =
  | readonly ['get', key: string]
  | readonly ['put', key: string, value: string]
  | readonly ['delete', key: string];

export type WireEntry = readonly [key: string, version: number, value: string];

export type WireReply =
  | readonly ['found', version: number, value: string]
  | readonly ['absent']
  | readonly ['stored', version: number, created: boolean]
  | readonly ['deleted', version: number, existed: boolean]
  | readonly ['moved', epoch: number]
  | readonly ['refused', problem: unknown];

export function encodeOperation(operation: Operation): WireOperation {
  if (operation.kind === 'put') return ['put', operation.key, toBase64(operation.value)];
  return [operation.kind, operation.key];
}

export function decodeOperation(wire: unknown, limits: Limits): Operation {
  if (!Array.isArray(wire)) throw badPeer('an operation must be an array');
  const [kind, given, value] = wire as unknown[];
  const key = checkedKey(given, limits);
  if (kind === 'get' || kind === 'delete') return { kind, key };
  if (kind === 'put' && typeof value === 'string') {
    return { kind, key, value: checkedValue(Buffer.from(value, 'base64'), limits) };
  }
  throw badPeer('an operation must be a get, put or delete');
}

export function encodeReply(reply: Reply): WireReply {
  if (reply.kind === 'found') return ['found', reply.version, toBase64(reply.value)];
  if (reply.kind === 'stored') return ['stored', reply.version, reply.created];
  if (reply.kind === 'deleted') return ['deleted', reply.version, reply.existed];
  if (reply.kind === 'moved') return ['moved', reply.epoch];
  return reply.kind === 'absent' ? ['absent'] : ['refused', reply.problem];
}

export function decodeReply(wire: unknown): Reply {
  const [kind, first, second] = Array.isArray(wire) ? (wire as unknown[]) : [];
  if (kind === 'absent') return { kind };
  if (kind === 'refused' && isProblemBody(first)) return { kind, problem: first };
  if (typeof first !== 'number') throw badPeer('a reply must have a kind and a number');
  if (kind === 'found' && typeof second === 'string') {
    return { kind, version: first, value: Buffer.from(second, 'base64') };
  }
  if (kind === 'stored') return { kind, version: first, created: second === true };
  if (kind === 'deleted') return { kind, version: first, existed: second === true };
  if (kind === 'moved') return { kind, epoch: first };
  throw badPeer('a reply is of no known kind');
}

export function encodeEntry(key: string, entry: Entry): WireEntry {
  return [key, entry.version, toBase64(entry.value)];
}

export function decodeEntry(wire: unknown): [string, Entry] {
  const [key, version, value] = Array.isArray(wire) ? (wire as unknown[]) : [];
  if (typeof key !== 'string' || typeof version !== 'number' || typeof value !== 'string') {
    throw badPeer('an entry must have a key, a version and a value');
  }
  return [key, { version, value: Buffer.from(value, 'base64') }];
}

/** The answer to a request to hand over. */
export function decodePage(json: unknown): Page {
  const { entries, next, complete } = fieldsOf(json, 'A page');
  if (!Array.isArray(entries) || typeof next !== 'number') throw badPeer('a page must have entries and next');
  return { entries: entries.map(decodeEntry), next, complete: complete === true };
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

function badPeer(what: string): Problem {
  return new Problem(400, 'BAD_PEER_MESSAGE', `A message between nodes is malformed: ${what}`);
}
