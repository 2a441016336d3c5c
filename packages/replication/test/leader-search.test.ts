import {
  ManualClock,
  type NodeId,
  nodeId,
  QuorateError,
  seededRandom,
  type WaitOptions,
} from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { encodeAnswer, encodeNotLeader } from '../src/client/call-codec.ts';
import { createReplicaClient, type ReplicaClient } from '../src/client/replica-client.ts';
import { settle } from './host/group.ts';

const [a, b, c] = ['a', 'b', 'c'].map(nodeId) as [NodeId, NodeId, NodeId];
const attemptMs = 1000;

/** What a member does with a question: it names a leader, if it knows one, leads, ends it by an error, or does not answer. */
type Doing = { readonly names: NodeId | undefined } | 'leads' | 'unavailable' | 'silent';

class Members {
  readonly clock: ManualClock = new ManualClock();
  readonly asked: NodeId[] = [];
  readonly doing: Map<NodeId, Doing>;
  readonly client: ReplicaClient;

  constructor(...doings: readonly Doing[]) {
    this.doing = new Map([a, b, c].map((id, at) => [id, doings[at] ?? 'silent']));
    const request = (to: NodeId, _: string, __: Uint8Array, options: WaitOptions): Promise<Uint8Array> =>
      this.#answer(to, options);
    const { clock } = this;
    const members = [a, b, c];
    this.client = createReplicaClient({
      requests: { request },
      members,
      clock,
      random: seededRandom(1),
      attemptMs,
    });
  }

  /** What comes of a call, in this time. */
  async after(durationMs: number, call: Promise<unknown>): Promise<string> {
    const state = { came: 'nothing' };
    call.then(
      () => (state.came = 'answer'),
      error => (state.came = `${error.code} ${error.outcome}`),
    );
    await settle();
    for (let ms = 0; ms < durationMs && state.came === 'nothing'; ms++) {
      this.clock.advance(1);
      await settle(1);
    }
    return state.came;
  }

  read(deadlineMs?: number): Promise<unknown> {
    return this.client.read(new Uint8Array(1), { deadlineMs });
  }

  async #answer(to: NodeId, { deadlineMs = 0, signal }: WaitOptions): Promise<Uint8Array> {
    this.asked.push(to);
    const doing = this.doing.get(to) ?? 'silent';
    if (doing === 'leads') return encodeAnswer(new Uint8Array(1));
    if (doing === 'unavailable') {
      throw new QuorateError('UNAVAILABLE', 'Nobody is there', { outcome: 'not-applied', retryable: true });
    }
    if (doing !== 'silent') return encodeNotLeader(doing.names);
    return await new Promise((_, reject) => {
      const late = (): void =>
        reject(new QuorateError('DEADLINE_EXCEEDED', 'Too late', { outcome: 'unknown', retryable: true }));
      this.clock.setTimer(deadlineMs, late);
      signal?.addEventListener('abort', late);
    });
  }
}

describe('two members that name each other', () => {
  test('are asked no more than twice before a third is', async () => {
    const members = new Members({ names: b }, { names: a }, 'leads');
    expect(await members.after(0, members.read())).toBe('answer');
    expect(members.asked).toEqual([a, b, a, b, c]);
  });

  test('are asked ever more seldom where nobody leads', async () => {
    const members = new Members({ names: b }, { names: a }, { names: a });
    expect(await members.after(1000, members.read(1000))).toBe('DEADLINE_EXCEEDED not-applied');
    // Five or six in a round; pauses of 5 to 10 ms, twice as long each, up to 50 to 100 ms.
    expect(members.asked.length).toBeGreaterThan(5 * 10);
    expect(members.asked.length).toBeLessThan(6 * 25);
  });

  test('do not bring one back into play that just failed', async () => {
    const members = new Members({ names: c }, { names: c }, 'unavailable');
    expect(await members.after(0, members.read(1000))).toBe('nothing');
    expect(members.asked).toEqual([a, c, b]);
  });
});

describe('a leader that does not answer in the short time that a call has', () => {
  test('is asked again by the next call, and is forgotten after the time that each replica has', async () => {
    const members = new Members({ names: b }, 'leads', { names: b });
    await members.after(0, members.read());
    members.doing.set(b, 'silent');
    members.asked.length = 0;
    const late = 'DEADLINE_EXCEEDED not-applied';
    for (let call = 0; call < 9; call++) expect(await members.after(100, members.read(100))).toBe(late);
    members.doing.set(b, 'leads');
    expect(await members.after(0, members.read(100))).toBe('answer');
    members.doing.set(b, 'silent');
    for (let call = 0; call < 10; call++) expect(await members.after(100, members.read(100))).toBe(late);
    expect(new Set(members.asked)).toEqual(new Set([b]));
    members.doing.set(a, 'leads');
    expect(await members.after(0, members.read(100))).toBe('answer');
    expect(members.asked.at(-1)).toBe(a);
  });

  test.each([
    ['a signal', true],
    ['a deadline', false],
  ])('is forgotten so by calls that end by %s', async (_, isSignal) => {
    const members = new Members('leads', 'leads', 'leads');
    await members.after(0, members.read());
    members.doing.set(a, 'silent');
    for (let call = 0; call < 10; call++) {
      const end = new AbortController();
      const options = isSignal ? { signal: end.signal } : { deadlineMs: 100 };
      const read = members.client.read(new Uint8Array(1), options);
      if (isSignal) members.clock.setTimer(100, () => end.abort());
      expect(await members.after(100, read)).toMatch(isSignal ? /^ABORTED/ : /^DEADLINE/);
    }
    expect(await members.after(0, members.read(100))).toBe('answer');
    expect(members.asked.at(-1)).toBe(b);
  });

  test('is forgotten also by a write that may not be sent again', async () => {
    const members = new Members('leads', 'leads', 'leads');
    await members.after(0, members.read());
    members.doing.set(a, 'silent');
    const write = members.client.write(new Uint8Array(1));
    expect(await members.after(attemptMs, write)).toBe('DEADLINE_EXCEEDED unknown');
    expect(await members.after(0, members.read(100))).toBe('answer');
    expect(members.asked.at(-1)).toBe(b);
  });
});

test('while no leader is known, calls of a short time do not all begin with one that is silent', async () => {
  const members = new Members('silent', 'silent', 'leads');
  for (let call = 0; call < 2; call++) {
    expect(await members.after(100, members.read(100))).toBe('DEADLINE_EXCEEDED not-applied');
  }
  expect(await members.after(0, members.read(100))).toBe('answer');
  expect(members.asked).toEqual([a, b, c]);
});
