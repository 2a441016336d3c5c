import { type Clock, nodeId, type NodeId, QuorateError, type Timer } from '@quorate/core';
import type { Env } from '../../src/scenario.ts';
import { checksum } from './checksum.ts';

/** A call or its answer, as JSON. */
type Message =
  | { readonly call: number; readonly method: string; readonly input: unknown }
  | { readonly answer: number; readonly output: unknown };

/** What a node does with calls; the answer goes out when it settles, and never where it rejects. */
export type Handlers = Readonly<Record<string, (input: never, from: NodeId) => unknown>>;

/** Calls between peers: small and naive on purpose, as what is tested is the protocol on top. */
export interface Calls {
  /**
   * One attempt.
   *
   * @throws QuorateError `UNAVAILABLE` where it was not sent, `DEADLINE_EXCEEDED` with an unknown outcome
   */
  call<Output>(to: string, method: string, input: unknown, deadlineMs?: number): Promise<Output>;
}

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly timer: Timer | undefined;
}

/** Starts the env's transport. */
export async function startCalls(env: Env, handlers: Handlers = {}): Promise<Calls> {
  const { transport, clock } = env;
  const waiting = new Map<number, Waiting>();
  // Answers to calls of a former incarnation must not be taken for ours.
  let last = env.random.below(0x1_0000_0000) * 0x1000;
  await transport.start({
    onMessage(from, bytes) {
      const message = decode(bytes);
      if (message === undefined) return;
      if ('answer' in message) {
        const call = waiting.get(message.answer);
        waiting.delete(message.answer);
        call?.timer?.cancel();
        call?.resolve(message.output);
        return;
      }
      const handler = handlers[message.method];
      if (handler === undefined) return;
      void answer(env, from, message.call, () => handler(message.input as never, from));
    },
  });
  return {
    call: <Output>(to: string, method: string, input: unknown, deadlineMs?: number) =>
      new Promise<Output>((resolve, reject) => {
        const call = ++last;
        const sent = transport.send(nodeId(to), encode({ call, method, input }));
        if (sent !== 'sent') {
          reject(
            new QuorateError('UNAVAILABLE', `Call of ${to} was not sent: ${sent}`, {
              outcome: 'not-applied',
              retryable: true,
            }),
          );
          return;
        }
        const timer = deadlineOf(clock, deadlineMs, () => {
          waiting.delete(call);
          reject(
            new QuorateError('DEADLINE_EXCEEDED', `Call of ${to} was not answered within ${deadlineMs} ms`, {
              outcome: 'unknown',
              retryable: true,
            }),
          );
        });
        waiting.set(call, { resolve: resolve as (output: unknown) => void, timer });
      }),
  };
}

function deadlineOf(clock: Clock, deadlineMs: number | undefined, onLate: () => void): Timer | undefined {
  return deadlineMs === undefined ? undefined : clock.setTimer(deadlineMs, onLate);
}

async function answer(env: Env, to: NodeId, call: number, handle: () => unknown): Promise<void> {
  let output: unknown;
  try {
    output = await handle();
  } catch (error) {
    // Who does not answer leaves the caller in doubt, which is what a failure means to it.
    env.log(`call ${call} of ${to} failed: ${(error as Error).message}`);
    return;
  }
  env.transport.send(to, encode({ answer: call, output }));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A checksum, then JSON. */
function encode(message: Message): Uint8Array {
  const content = encoder.encode(JSON.stringify(message));
  const bytes = new Uint8Array(4 + content.length);
  new DataView(bytes.buffer).setUint32(0, checksum(content));
  bytes.set(content, 4);
  return bytes;
}

/** Undefined for what was corrupted on its way. */
function decode(bytes: Uint8Array): Message | undefined {
  if (bytes.length < 4) return undefined;
  const content = bytes.subarray(4);
  const wanted = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return checksum(content) === wanted ? (JSON.parse(decoder.decode(content)) as Message) : undefined;
}

/** Calls until it is answered: for what may be done twice. */
export async function callUntilAnswered<Output>(
  env: Env,
  calls: Calls,
  to: string,
  method: string,
  input: unknown,
): Promise<Output> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await calls.call<Output>(to, method, input, 200);
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      await pause(env, env.random.below(Math.min(100, 10 * attempt)) + 1);
    }
  }
}

/** Calls until the call was sent, and waits for its answer for ever. */
export async function callUntilSent<Output>(
  env: Env,
  calls: Calls,
  to: string,
  method: string,
  input: unknown,
): Promise<Output> {
  for (;;) {
    try {
      return await calls.call<Output>(to, method, input);
    } catch (error) {
      if (!(error instanceof QuorateError) || error.outcome !== 'not-applied') throw error;
      await pause(env, 5);
    }
  }
}

export function pause(env: Env, durationMs: number): Promise<void> {
  return new Promise(resolve => void env.clock.setTimer(durationMs, resolve));
}

/** The first `count` answers, from whoever is fastest. Never settles where fewer answer. */
export async function firstAnswers<Output>(
  env: Env,
  calls: Calls,
  peers: readonly string[],
  count: number,
  method: string,
  input: unknown,
): Promise<Output[]> {
  const answers: Output[] = [];
  return new Promise(resolve => {
    for (const peer of peers) {
      void callUntilAnswered<Output>(env, calls, peer, method, input).then(output => {
        if (answers.length === count) return;
        answers.push(output);
        if (answers.length === count) resolve(answers);
      });
    }
  });
}
