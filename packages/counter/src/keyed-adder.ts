import {
  boundedWait,
  type BatchResult,
  type Clock,
  type Entry,
  errorCode,
  QuorateError,
  type Random,
  type Store,
  tooLarge,
  type WaitOptions,
} from '@quorate/core';
import { counterBusy, isPassing } from './counter-error.ts';
import { numberKey } from './counter-name.ts';
import type { EntryMaker } from './entry-maker.ts';
import { checkDelta } from './int64.ts';
import { compose, Keyed, type KeyedAdd, type Plan, tokenKey } from './keyed-plan.ts';
import { Pauses } from './pauses.ts';
import type { TokenSessions } from './token-sessions.ts';
import { isDead } from './writer-context.ts';

/** What keyed additions stand on. */
export interface KeyedContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly tokens: TokenSessions;
  readonly maker: (expiresMs: number | undefined) => EntryMaker;
  readonly closing: AbortSignal;
  /** How long the store may take for an answer. */
  readonly deadlineMs: number;
}

/** The most tokens in one write, and of one counter that may wait. */
const batchMax = 64;
const waitingMax = 100_000;

/** A counter's line. */
interface Line {
  readonly partition: string;
  readonly name: string;
  queue: Keyed[];
  current: Entry | undefined;
}

/**
 * Adds once for each token: token and sum are written together, under the condition that the token was not there. So a repeat finds
 * its token and is told the value again, from whatever process it asks and whatever had become of the one that it asked first, for
 * as long as the token is kept.
 */
export class KeyedAdder {
  readonly #context: KeyedContext;
  readonly #lines = new Map<string, Line>();
  readonly #running = new Set<Promise<void>>();

  constructor(context: KeyedContext) {
    this.#context = context;
  }

  /**
   * @throws TypeError, RangeError also where the token was used for another delta
   * @throws QuorateError `UNSUPPORTED` where the store has no `batch`; `COUNTER_BUSY`, `ABORTED`, `DEADLINE_EXCEEDED`, `CLOSED`.
   *   Whatever the outcome, the same call again tells
   */
  async add(
    partition: string,
    name: string,
    add: KeyedAdd,
    options: WaitOptions,
  ): Promise<{ value: bigint }> {
    const { store, clock } = this.#context;
    if (store.batch === undefined)
      throw new QuorateError('UNSUPPORTED', 'Keyed additions need a store with batch', {
        outcome: 'not-applied',
      });
    checkDelta(add.delta);
    if (typeof add.token !== 'string' || !/^[!-.0-~]{1,100}$/.test(add.token))
      throw new RangeError(
        `Token must be 1 to 100 visible characters without "/": received ${JSON.stringify(add.token)}`,
      );
    const value = await boundedWait(clock, options, 'unknown', () => this.#enqueue(partition, name, add));
    return { value };
  }

  async close(): Promise<void> {
    await Promise.all(this.#running);
    await this.#context.tokens.close();
  }

  #enqueue(partition: string, name: string, add: KeyedAdd): Promise<bigint> {
    return new Promise((resolve, reject) => {
      const found = this.#lines.get(partition);
      const line = found ?? { partition, name, queue: [], current: undefined };
      if (line.queue.length >= waitingMax) {
        reject(counterBusy(name, waitingMax));
        return;
      }
      line.queue.push(new Keyed(add, resolve, reject));
      if (found !== undefined) return;
      this.#lines.set(partition, line);
      const running = this.#run(line).finally(() => this.#running.delete(running));
      this.#running.add(running);
    });
  }

  async #run(line: Line): Promise<void> {
    // What comes in the same turn goes with it.
    await Promise.resolve();
    const { clock, random, closing } = this.#context;
    const pauses = new Pauses(clock, random);
    while (line.queue.length > 0) {
      const batch = line.queue.splice(0, batchMax);
      try {
        if (await this.#write(line, batch)) pauses.reset();
        else await pauses.rest(closing);
      } catch (thrown) {
        if (isPassing(thrown) && !closing.aborted) {
          line.queue.unshift(...batch.filter(({ isDone }) => !isDone));
          await pauses.rest(closing);
        } else for (const add of batch) add.fail(thrown as Error);
      }
    }
    this.#lines.delete(line.partition);
  }

  /** One try. What is left to do goes back into line. @returns whether it got anywhere */
  async #write(line: Line, batch: Keyed[]): Promise<boolean> {
    const { store, tokens, maker, closing } = this.#context;
    const key = numberKey(line.partition);
    const isGuess = line.current !== undefined;
    const current =
      line.current ??
      (await this.#within(signal => store.get(key, { signal }))) ??
      (await this.#within(() => maker(batch[0]?.expiresMs).make(key)));
    line.current = undefined;
    if (current === undefined) return this.#again(line, batch, false);
    const session = await this.#within(() => tokens.use());
    const plan = compose(line.partition, current, session.id, batch);
    // A guess may be wrong: what refuses must be true.
    if (plan.tooLarge.length > 0 && isGuess) return this.#again(line, batch, true);
    for (const add of plan.tooLarge) await this.#refuse(line, add);
    if (plan.writes.length === 0) return true;
    const result = await this.#send(plan);
    if (result === 'session lost') {
      // The number's session, and the number goes with it; or the tokens', and they go on in another.
      if (current.session !== undefined && (await isDead(store, current.session)))
        await this.#within(signal => store.delete(key, { modified: current.modified }, { signal }));
      else tokens.abandon(session);
      return this.#again(line, plan.rest, false);
    }
    if (result.outcome === 'applied') {
      for (const [add, value] of plan.values) add.succeed(value);
      const repeats = plan.rest.filter(add => !plan.values.has(add));
      return this.#again(line, repeats, true);
    }
    if (result.outcome === 'unknown') {
      for (const add of plan.values.keys()) add.isSent = true;
      // The tokens tell, as soon as the store answers.
      if (!closing.aborted) return this.#again(line, plan.rest, false);
      for (const add of plan.rest) add.fail(result.cause);
      return true;
    }
    if (result.key === key) line.current = result.current;
    const { key: refusedBy, current: found } = result;
    const repeat = plan.rest.find(add => tokenKey(line.partition, add) === refusedBy);
    if (found !== undefined) repeat?.answer(found);
    return this.#again(
      line,
      plan.rest.filter(add => found === undefined || add !== repeat),
      true,
    );
  }

  /** @returns also the news that a session is dead that it names */
  async #send({ conditions, writes }: Plan): Promise<BatchResult | 'session lost'> {
    const { store } = this.#context;
    try {
      return await this.#within(signal => store.batch!(conditions, writes, { signal }), 'unknown');
    } catch (thrown) {
      if (errorCode(thrown) === 'SESSION_LOST') return 'session lost';
      if (!(thrown instanceof QuorateError) || thrown.outcome !== 'unknown') throw thrown;
      return { outcome: 'unknown', cause: thrown };
    }
  }

  /** One that does not fit: it may have been done before, when it did. */
  async #refuse({ partition }: Line, add: Keyed): Promise<void> {
    const key = tokenKey(partition, add);
    const found = await this.#within(signal => this.#context.store.get(key, { signal }));
    if (found !== undefined) add.answer(found);
    else add.refuse(new RangeError(tooLarge(numberKey(partition), BigInt(add.delta))));
  }

  /** Only a batch has an effect on tokens: what else is given up may come late. */
  #within<Value>(
    call: (signal: AbortSignal | undefined) => Promise<Value>,
    outcome: 'not-applied' | 'unknown' = 'not-applied',
  ): Promise<Value> {
    const { clock, deadlineMs } = this.#context;
    return boundedWait(clock, { deadlineMs }, outcome, call);
  }

  #again(line: Line, adds: readonly Keyed[], gotOn: boolean): boolean {
    line.queue.unshift(...adds);
    return gotOn;
  }
}
