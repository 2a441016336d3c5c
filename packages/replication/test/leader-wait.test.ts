import { type NodeId, QuorateError } from '@quorate/core';
import { expect, test } from 'vitest';
import {
  answerDone,
  answerNotLeader,
  decodeNotLeader,
  encodeRead,
  encodeWrite,
} from '../src/client/call-codec.ts';
import { decodeBatch, encodeBatch } from '../src/client/batch-codec.ts';
import { type CallHandlers, methodsOf, serveReplica } from '../src/client/serve-replica.ts';
import { Group, type Member, settle } from './host/group.ts';
import { bytes } from './host/tally-machine.ts';

type Ask = (method: 'write' | 'writes' | 'read', body: Uint8Array) => Promise<Uint8Array>;

const command = encodeWrite(bytes('add x 1'), {});

/** Asks one replica, as a client would. */
function asking({ replica }: Member): Ask {
  const handlers = new Map<string, Parameters<CallHandlers['handle']>[1]>();
  serveReplica(replica, {
    handle(name, handler) {
      handlers.set(name, handler);
      return { [Symbol.dispose]() {} };
    },
  });
  const { signal } = new AbortController();
  return async (method, body) => await handlers.get(methodsOf(replica.group)[method])!({ body, signal });
}

/** Three replicas whose leader has just died, and what each of the others says. */
async function withoutLeader(electionTimeoutMs: number): Promise<{
  readonly group: Group;
  readonly leader: NodeId;
  readonly asks: readonly (readonly [NodeId, Ask])[];
}> {
  const group = await Group.start(['a', 'b', 'c'], { electionTimeoutMs });
  const { id: leader } = await group.leader();
  await group.crash(leader);
  await settle();
  return { group, leader, asks: group.running.map(member => [member.id, asking(member)] as const) };
}

/** Whether it led and did it, or whom it named. */
function said(answer: Uint8Array): NodeId | 'done' | undefined {
  return answer[0] === answerDone ? 'done' : decodeNotLeader(answer);
}

test.each([
  ['write', command],
  ['writes', encodeBatch([command, command])],
  ['read', encodeRead(bytes('x'), 'linearizable', undefined)],
] as const)('who asks for a %s while nobody leads hears of the next leader', async (method, body) => {
  const { group, leader, asks } = await withoutLeader(50);
  await using _group = group;
  const answers = await group.settled(Promise.all(asks.map(async ([, ask]) => ask(method, body))), 100);
  const next = (await group.leader()).id;
  expect(next).not.toBe(leader);
  for (const [at, [id]] of asks.entries()) {
    const answer = answers[at]!;
    const parts = method === 'writes' ? decodeBatch(answer)! : [answer];
    expect(parts.map(said)).toEqual(parts.map(() => (id === next ? 'done' : next)));
  }
});

test('it is not kept for longer than a tenth of a second', async () => {
  const { group, asks } = await withoutLeader(1000);
  await using _group = group;
  const [, ask] = asks[0]!;
  let answer: Uint8Array | undefined;
  void ask('write', command).then(bytesOf => (answer = bytesOf));
  await group.pass(99);
  expect(answer).toBeUndefined();
  await group.pass(2);
  expect(answer?.[0]).toBe(answerNotLeader);
  expect(said(answer!)).toBeUndefined();
});

test('many that ask at once do not all wait', async () => {
  const { group, asks } = await withoutLeader(1000);
  await using _group = group;
  const [, ask] = asks[0]!;
  let answered = 0;
  const all = Array.from({ length: 100 }, async () => {
    await ask('write', command);
    answered++;
  });
  await settle();
  expect(answered).toBe(36);
  await group.settled(Promise.all(all));
  // There is room for others again.
  let isAnswered = false;
  const one = ask('write', command).then(() => (isAnswered = true));
  await settle();
  expect(isAnswered).toBe(false);
  await group.settled(one);
});

test('a replica that ends lets them go', async () => {
  const { group, asks } = await withoutLeader(1000);
  await using _group = group;
  const [id, ask] = asks[0]!;
  const waiting = ask('write', command).catch((error: unknown) => error);
  await settle();
  await group.get(id).replica[Symbol.asyncDispose]();
  expect(await waiting).toSatisfy(error => error instanceof QuorateError && error.outcome === 'not-applied');
});
