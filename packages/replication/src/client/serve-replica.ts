import { type GroupId, QuorateError, type WaitOptions } from '@quorate/core';
import type { Replica } from '../replica/replica.ts';
import type { WriteReceipt } from '../replica/write-options.ts';
import { NotLeaderError } from '../replica/replica-error.ts';
import { AnswerBatch, type BatchKind } from './answer-batch.ts';
import { decodeBatch } from './batch-codec.ts';
import {
  answerDone,
  decodeRead,
  decodeSession,
  decodeWrite,
  encodeAnswer,
  encodeNotLeader,
  encodeSession,
  receiptBytes,
  sessionVerbs,
  writeReceipt,
} from './call-codec.ts';
import { LeaderWait } from './leader-wait.ts';

/** Where questions come in: `createRequests` of `@quorate/transport` is one. */
export interface CallHandlers {
  handle(method: string, handler: (call: IncomingCall) => Promise<Uint8Array>): Disposable;
}

/** One question. */
export interface IncomingCall {
  readonly body: Uint8Array;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
  /** How long somebody does. */
  remainingMs?(): number;
}

/** The methods of a group's replicas. */
export function methodsOf(group: GroupId): CallMethods {
  const prefix = `replica.${group}`;
  return {
    write: `${prefix}.write`,
    writes: `${prefix}.writes`,
    read: `${prefix}.read`,
    reads: `${prefix}.reads`,
    session: `${prefix}.session`,
  };
}

/** Names, by what they do. */
export interface CallMethods {
  readonly write: string;
  readonly writes: string;
  readonly read: string;
  readonly reads: string;
  readonly session: string;
}

/**
 * Answers what a `createReplicaClient` elsewhere asks, until disposed. The replica stays the caller's. A question for the
 * leader that comes while none is known waits for the next one, a tenth of a second at most.
 */
export function serveReplica(replica: Replica, requests: CallHandlers): Disposable {
  const methods = methodsOf(replica.group);
  const wait = new LeaderWait(replica);
  const answer = (run: () => Promise<Uint8Array>): Promise<Uint8Array> => answerAtLeader(replica, wait, run);
  const served = [
    requests.handle(methods.write, call => answer(() => answerAlone(writes, replica, call))),
    requests.handle(methods.writes, call => answerAll(writes, replica, wait, call)),
    requests.handle(methods.read, call => answer(() => answerAlone(reads, replica, call))),
    requests.handle(methods.reads, call => answerAll(reads, replica, wait, call)),
    requests.handle(methods.session, ({ body, signal }) => answer(() => session(replica, body, signal))),
  ];
  return {
    [Symbol.dispose]() {
      for (const method of served) method[Symbol.dispose]();
    },
  };
}

/** Who does not lead says who may, once it knows; every other error travels as it is. */
async function answerAtLeader(
  replica: Replica,
  wait: LeaderWait,
  run: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof NotLeaderError)) throw error;
      if (attempt > 0 || error.leader !== undefined) return encodeNotLeader(error.leader);
    }
    // What was refused was not applied, so it may be tried again: this replica itself may lead next.
    await wait.known();
  }
}

const writes: BatchKind<WriteReceipt> = {
  ask(replica, body, limits) {
    const wanted = decodeWrite(body, limits);
    if (wanted === undefined) throw unreadable();
    return replica.write(wanted.command, wanted.options);
  },
  told: refusedCall,
  byteCount: receiptBytes,
  write: writeReceipt,
};

const reads: BatchKind<Uint8Array> = {
  ask(replica, body, { signal, deadlineMs }) {
    const wanted = decodeRead(body);
    if (wanted === undefined) throw unreadable();
    const { query, mode, maxStalenessMs } = wanted;
    return replica.read(query, { mode, maxStalenessMs, signal, deadlineMs });
  },
  byteCount: answer => 1 + answer.length,
  write(target, at, answer) {
    target[at] = answerDone;
    target.set(answer, at + 1);
  },
};

async function answerAlone<Value>(
  kind: BatchKind<Value>,
  replica: Replica,
  call: IncomingCall,
): Promise<Uint8Array> {
  const value = await kind.ask(replica, call.body, limitsOf(call)).catch((error: unknown) => {
    throw kind.told?.(error) ?? error;
  });
  const bytes = new Uint8Array(kind.byteCount(value));
  kind.write(bytes, 0, value);
  return bytes;
}

/** The calls of one turn of a client, which share a flush here as well. Each is answered for itself. */
async function answerAll<Value extends object>(
  kind: BatchKind<Value>,
  replica: Replica,
  wait: LeaderWait,
  call: IncomingCall,
): Promise<Uint8Array> {
  const items = decodeBatch(call.body);
  if (items === undefined) throw unreadable();
  const batch = new AnswerBatch(kind, replica, items);
  if (await batch.ask(limitsOf(call))) return batch.encode();
  await wait.known();
  await batch.ask(limitsOf(call));
  return batch.encode();
}

/** How long somebody waits for it, without what a signal costs where the time is known. */
function limitsOf(call: IncomingCall): WaitOptions {
  const deadlineMs = call.remainingMs?.();
  return deadlineMs === undefined || deadlineMs === Number.POSITIVE_INFINITY
    ? { signal: call.signal }
    : { deadlineMs };
}

async function session(replica: Replica, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const wanted = decodeSession(body);
  if (wanted === undefined) throw unreadable();
  const { verb, value } = wanted;
  if (verb === sessionVerbs.open) {
    const { id, ttlMs } = await replica.openSession({ ttlMs: value, signal });
    return encodeAnswer(new Uint8Array([...encodeSession(verb, id), ...encodeSession(verb, ttlMs)]));
  }
  if (verb === sessionVerbs.close) await replica.closeSession(value ?? 0, { signal });
  else await replica.keepSession(value ?? 0, { signal });
  return encodeAnswer(new Uint8Array(0));
}

/** What a replica does not take from anybody, such as a command that is too long. It says so before it does anything. */
function refusedCall(error: unknown): unknown {
  if (!(error instanceof RangeError || error instanceof TypeError)) return error;
  return new QuorateError('CALL_REFUSED', error.message, { outcome: 'not-applied', cause: error });
}

function unreadable(): QuorateError {
  return new QuorateError('UNREADABLE_CALL', 'The call is none of this version', { outcome: 'not-applied' });
}
