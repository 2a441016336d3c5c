import { type BatchWrite, type Condition, type Entry, QuorateError, type SessionId } from '@quorate/core';
import { numberKey } from './counter-name.ts';
import { type Delta, fits, numberBytes, readNumber } from './int64.ts';

/** An addition that carries a token of its own. */
export interface KeyedAdd {
  /** Chosen by whoever wants the addition, never used for another: 1 to 100 characters of ASCII from "!" to "~", no "/". */
  readonly token: string;
  readonly delta: Delta;
  /** Makes the counter, where there is none, one that ends after so long. */
  readonly expiresMs?: number | undefined;
}

/** One that waits. */
export class Keyed {
  readonly token: string;
  readonly delta: Delta;
  readonly expiresMs: number | undefined;
  /** It may have taken effect, or may still. */
  isSent = false;
  /** It has been told what became of it, so nothing may become of it any more. */
  isDone = false;
  readonly #resolve: (value: bigint) => void;
  readonly #reject: (reason: Error) => void;

  constructor(
    { token, delta, expiresMs }: KeyedAdd,
    resolve: (value: bigint) => void,
    reject: (reason: Error) => void,
  ) {
    this.token = token;
    this.delta = delta;
    this.expiresMs = expiresMs;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  succeed(value: bigint): void {
    this.isDone = true;
    this.#resolve(value);
  }

  /** Whatever a later try came to, an earlier one may have got through. */
  fail(reason: Error): void {
    this.isDone = true;
    if (!this.isSent || !(reason instanceof QuorateError) || reason.outcome === 'unknown')
      this.#reject(reason);
    else this.#reject(new QuorateError(reason.code, reason.message, { outcome: 'unknown', cause: reason }));
  }

  /** Refuses it, which is certain. */
  refuse(reason: RangeError): void {
    this.isDone = true;
    this.#reject(reason);
  }

  /** It has been done before: it is told what it was told then. */
  answer(entry: Entry): void {
    const [value = '', delta] = new TextDecoder().decode(entry.value).split(' ');
    if (delta === `${this.delta}`) this.succeed(BigInt(value));
    else
      this.refuse(new RangeError(`Token must be used for one delta: received ${this.delta} after ${delta}`));
  }
}

/** Where a token stands. */
export function tokenKey(partition: string, { token }: Keyed): string {
  return `${partition}/t/${token}`;
}

/** What one write is to do. */
export interface Plan {
  readonly conditions: ReadonlyMap<string, Condition>;
  readonly writes: readonly BatchWrite[];
  /** What each is told if it takes effect. */
  readonly values: Map<Keyed, bigint>;
  readonly rest: readonly Keyed[];
  readonly tooLarge: readonly Keyed[];
}

/** Adds up what fits, in order. */
export function compose(
  partition: string,
  current: Entry,
  session: SessionId,
  batch: readonly Keyed[],
): Plan {
  const key = numberKey(partition);
  const conditions = new Map<string, Condition>([[key, { modified: current.modified }]]);
  const values = new Map<Keyed, bigint>();
  const tokens: BatchWrite[] = [];
  const rest: Keyed[] = [];
  const tooLarge: Keyed[] = [];
  let value = readNumber(key, current.value);
  for (const add of batch) {
    const token = tokenKey(partition, add);
    const next = value + BigInt(add.delta);
    // One that comes twice at the same time is a repeat of itself in the next write.
    if (conditions.has(token)) rest.push(add);
    else if (!fits(next)) tooLarge.push(add);
    else {
      value = next;
      values.set(add, value);
      rest.push(add);
      conditions.set(token, { absent: true });
      tokens.push({ type: 'put', key: token, value: tokenBytes(value, add.delta), session });
    }
  }
  const owner = current.session === undefined ? {} : { session: current.session };
  const write: BatchWrite = { type: 'put', key, value: numberBytes(value), ...owner };
  return { conditions, writes: tokens.length === 0 ? [] : [write, ...tokens], values, rest, tooLarge };
}

function tokenBytes(value: bigint, delta: Delta): Uint8Array {
  return new TextEncoder().encode(`${value} ${delta}`);
}
