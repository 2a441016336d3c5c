import { type GroupId, QuorateError } from '@quorate/core';
import type { Replica } from '../replica/replica.ts';
import { NotLeaderError } from '../replica/replica-error.ts';
import { decodeBatch, encodeBatch, encodeError } from './batch-codec.ts';
import {
  decodeRead,
  decodeSession,
  decodeWrite,
  encodeAnswer,
  encodeNotLeader,
  encodeReceipt,
  encodeSession,
  sessionVerbs,
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

/** Where a write has to go, if nobody knows. One answer, to be told from others by identity. */
const nobodyLeads = encodeNotLeader(undefined);

/**
 * Answers what a `createReplicaClient` elsewhere asks, until disposed. The replica stays the caller's. A question for the
 * leader that comes while none is known waits for the next one, a tenth of a second at most.
 */
export function serveReplica(replica: Replica, requests: CallHandlers): Disposable {
  const methods = methodsOf(replica.group);
  const wait = new LeaderWait(replica);
  const answer = (run: () => Promise<Uint8Array>): Promise<Uint8Array> => answerAtLeader(replica, wait, run);
  const served = [
    requests.handle(methods.write, ({ body, signal }) => answer(() => write(replica, body, signal))),
    requests.handle(methods.writes, call => answerAll(replica, wait, call, writeOne)),
    requests.handle(methods.read, ({ body, signal }) => answer(() => read(replica, body, signal))),
    requests.handle(methods.reads, call => answerAll(replica, wait, call, readOne)),
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

async function write(replica: Replica, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const wanted = decodeWrite(body);
  if (wanted === undefined) throw unreadable();
  return encodeReceipt(await replica.write(wanted.command, { ...wanted.options, signal }));
}

/** The calls of one turn of a client, which share a flush here as well. Each is answered for itself. */
async function answerAll(
  replica: Replica,
  wait: LeaderWait,
  call: IncomingCall,
  answerOne: typeof writeOne,
): Promise<Uint8Array> {
  const items = decodeBatch(call.body);
  if (items === undefined) throw unreadable();
  // One timer for all of them: a listener on the signal for each would cost more than the call.
  const deadlineMs = call.remainingMs?.();
  const answers = await Promise.all(items.map(item => answerOne(replica, item, deadlineMs)));
  if (!answers.includes(nobodyLeads)) return encodeBatch(answers);
  const again = async (answer: Uint8Array, at: number): Promise<Uint8Array> => {
    if (answer !== nobodyLeads) return answer;
    await wait.known();
    return answerOne(replica, items[at] as Uint8Array, call.remainingMs?.());
  };
  return encodeBatch(await Promise.all(answers.map(again)));
}

async function writeOne(
  replica: Replica,
  body: Uint8Array,
  deadlineMs: number | undefined,
): Promise<Uint8Array> {
  try {
    const wanted = decodeWrite(body);
    if (wanted === undefined) throw unreadable();
    return encodeReceipt(await replica.write(wanted.command, { ...wanted.options, deadlineMs }));
  } catch (error) {
    return encodeRefusal(error);
  }
}

async function readOne(
  replica: Replica,
  body: Uint8Array,
  deadlineMs: number | undefined,
): Promise<Uint8Array> {
  try {
    const wanted = decodeRead(body);
    if (wanted === undefined) throw unreadable();
    const { query, mode, maxStalenessMs } = wanted;
    return encodeAnswer(await replica.read(query, { mode, maxStalenessMs, deadlineMs }));
  } catch (error) {
    return encodeRefusal(error);
  }
}

function encodeRefusal(error: unknown): Uint8Array {
  if (!(error instanceof NotLeaderError)) return encodeError(error);
  return error.leader === undefined ? nobodyLeads : encodeNotLeader(error.leader);
}

async function read(replica: Replica, body: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
  const wanted = decodeRead(body);
  if (wanted === undefined) throw unreadable();
  const { query, mode, maxStalenessMs } = wanted;
  return encodeAnswer(await replica.read(query, { mode, maxStalenessMs, signal }));
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

function unreadable(): QuorateError {
  return new QuorateError('UNREADABLE_CALL', 'The call is none of this version', { outcome: 'not-applied' });
}
