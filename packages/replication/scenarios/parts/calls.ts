import {
  errorCode,
  type GroupId,
  type NodeId,
  QuorateError,
  type Timer,
  type Transport,
} from '@quorate/core';
import type { ClientEnv } from '@quorate/sim';

/** What is asked for, and how: values of JSON. */
export type CallArguments = readonly unknown[];

/** Serves a method. What it throws is told to whoever called, with its code, outcome and leader. */
export type CallHandler = (args: CallArguments) => Promise<unknown>;

/** How a call failed. */
export interface CallFailure {
  readonly code: string;
  readonly outcome: string;
  /** Who may lead, where a replica that does not was asked. */
  readonly leader: NodeId | undefined;
}

const errors = new Map<string, QuorateError>();

/** What a client makes of a failure: one error for all that are alike, since making one costs more than the call. */
export function callError(code: string, outcome: string): QuorateError {
  const name = `${code} ${outcome}`;
  let error = errors.get(name);
  if (error === undefined) {
    error = new QuorateError(code, 'A call failed', { outcome: outcome as QuorateError['outcome'] });
    errors.set(name, error);
  }
  return error;
}

export type CallAnswer = { readonly value: unknown } | { readonly failure: CallFailure };

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Transports copy what they are given, so that one place is enough for all that is sent. */
const scratch = new Uint8Array(65_536);
const timedOut: CallAnswer = { failure: { code: 'TIMED_OUT', outcome: 'unknown', leader: undefined } };

/** Answers calls over a transport: a few lines of JSON, for what is to be tested is behind them. */
export async function serveCalls(
  transport: Transport,
  group: GroupId,
  methods: Readonly<Record<string, CallHandler>>,
): Promise<void> {
  const handlers = new Map(Object.entries(methods));
  const answer = async (from: NodeId, call: number, method: string, args: CallArguments): Promise<void> => {
    let word = 'done';
    let value: unknown;
    try {
      value = (await handlers.get(method)?.(args)) ?? null;
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined) throw error;
      const { outcome, leader } = error as QuorateError & { readonly leader?: NodeId };
      word = 'failed';
      value = { code, outcome, leader };
    }
    transport.send(from, encode([call, word, value]), group);
  };
  await transport.start({
    onMessage(from, message) {
      const [call, method, args] = JSON.parse(decoder.decode(message)) as [number, string, CallArguments];
      void answer(from, call, method, args);
    },
  });
}

/** Good until the next call. */
function encode(message: readonly unknown[]): Uint8Array {
  const { written } = encoder.encodeInto(JSON.stringify(message), scratch);
  return scratch.subarray(0, written);
}

interface Asking {
  readonly resolve: (answer: CallAnswer) => void;
  readonly timer: Timer;
}

/** A client's side of {@link serveCalls}. */
export class Calls {
  readonly #env: ClientEnv;
  readonly #group: GroupId;
  readonly #waiting = new Map<number, Asking>();
  #count = 0;

  constructor(env: ClientEnv, group: GroupId) {
    this.#env = env;
    this.#group = group;
  }

  async start(): Promise<void> {
    await this.#env.transport.start({
      onMessage: (_, message) => {
        const [call, word, value] = JSON.parse(decoder.decode(message)) as [number, string, unknown];
        this.#settle(call, word === 'done' ? { value } : { failure: value as CallFailure });
      },
    });
  }

  /** Asks one node once. Never rejects. */
  ask(to: NodeId, method: string, args: CallArguments, timeoutMs: number): Promise<CallAnswer> {
    const { clock, transport } = this.#env;
    const call = this.#count++;
    return new Promise(resolve => {
      const timer = clock.setTimer(timeoutMs, () => this.#settle(call, timedOut));
      this.#waiting.set(call, { resolve, timer });
      transport.send(to, encode([call, method, args]), this.#group);
    });
  }

  #settle(call: number, answer: CallAnswer): void {
    const asking = this.#waiting.get(call);
    if (asking === undefined) return;
    this.#waiting.delete(call);
    asking.timer.cancel();
    asking.resolve(answer);
  }
}
