import { fieldsOf } from './http/json.ts';
import { checkedKey, checkedValue } from './http/request-key.ts';
import type { Limits } from './limits.ts';
import type { FinalReply, Operation } from './operation.ts';
import { Problem, type ProblemBody } from './problem.ts';
import { toBase64 } from './wire.ts';

/** One result of `POST /v1/batch`. A value that is UTF-8 comes as `value`, any other as `base64`. */
export type BatchResult =
  | { readonly status: 200; readonly version: number; readonly value?: string; readonly base64?: string }
  | { readonly status: 200; readonly version: number; readonly created: boolean }
  | { readonly status: 200; readonly version: number; readonly existed: boolean }
  | { readonly status: number; readonly problem: ProblemBody };

/** One entry of a batch: `{ op, key, value? | base64? }`. @throws Problem `BAD_REQUEST` and those of keys and values */
export function decodeBatchEntry(entry: unknown, limits: Limits): Operation {
  const fields = fieldsOf(entry, 'An operation');
  const key = checkedKey(fields['key'], limits);
  const { op } = fields;
  if (op === 'get' || op === 'delete') return { kind: op, key };
  if (op !== 'put') {
    throw new Problem(
      400,
      'BAD_REQUEST',
      `op must be get, put or delete: received ${JSON.stringify(op) ?? 'none'}`,
    );
  }
  return { kind: 'put', key, value: checkedValue(valueOf(fields), limits) };
}

function valueOf(fields: Record<string, unknown>): Uint8Array {
  const { value, base64 } = fields;
  if (typeof value === 'string' && base64 === undefined) {
    if (!value.isWellFormed()) {
      throw new Problem(400, 'BAD_REQUEST', 'value must be well-formed Unicode: use base64 for bytes');
    }
    return Buffer.from(value);
  }
  if (typeof base64 === 'string' && value === undefined) {
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) {
      throw new Problem(400, 'BAD_REQUEST', 'base64 must be padded base64');
    }
    return Buffer.from(base64, 'base64');
  }
  throw new Problem(400, 'BAD_REQUEST', 'A put must have either value or base64, as a string');
}

export function encodeBatchResult(reply: FinalReply): BatchResult {
  if (reply.kind === 'found') return { status: 200, version: reply.version, ...encodeValue(reply.value) };
  if (reply.kind === 'stored') return { status: 200, version: reply.version, created: reply.created };
  if (reply.kind === 'deleted') return { status: 200, version: reply.version, existed: reply.existed };
  const problem = reply.kind === 'absent' ? keyNotFound().body : reply.problem;
  return { status: problem.status, problem };
}

export function keyNotFound(): Problem {
  return new Problem(404, 'KEY_NOT_FOUND', 'The key has no value');
}

/** One for all values: making a decoder costs more than decoding. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function encodeValue(value: Uint8Array): { value: string } | { base64: string } {
  try {
    return { value: utf8.decode(value) };
  } catch {
    return { base64: toBase64(value) };
  }
}
