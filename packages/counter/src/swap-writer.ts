import {
  type Condition,
  type Entry,
  errorCode,
  QuorateError,
  tooLarge,
  type WriteResult,
} from '@quorate/core';
import { isPassing } from './counter-error.ts';
import { CounterSession, overdue, sessionGone } from './counter-session.ts';
import type { EntryMaker } from './entry-maker.ts';
import { fits, numberBytes, readNumber } from './int64.ts';
import type { NumberWriter, WriteOutcome } from './number-writer.ts';
import { carryOut, isDead, settled, type WriterContext } from './writer-context.ts';

/** What one try of a swap led to: an end, or what stands there now. */
type Try = WriteOutcome | { readonly type: 'changed'; readonly current: Entry | undefined };

/**
 * Adds by reading, and writing where nothing has changed since: for stores without `add`, and for numbers that end with a session,
 * which `add` would bring back to life without one.
 *
 * A swap names the revision that it replaces, which never comes back: once it was refused, no try of it can take effect any more.
 * So the entry is made first, as 0, by a write that adds nothing.
 */
export class SwapWriter implements NumberWriter {
  readonly #context: WriterContext;
  readonly #maker: EntryMaker;
  /** As it stood after our last write; a guess that saves reading. */
  #last: Entry | undefined;

  constructor(context: WriterContext, maker: EntryMaker) {
    this.#context = context;
    this.#maker = maker;
  }

  async write(delta: bigint): Promise<WriteOutcome> {
    const { keeper, pauses, turns, partition } = this.#context;
    const using = keeper.use();
    const session = using instanceof CounterSession ? using : await settled(using);
    if (!(session instanceof CounterSession)) return session;
    await turns.take(partition);
    try {
      let current = this.#last;
      this.#last = undefined;
      for (let conflicts = 0; ; conflicts++) {
        const ended = await this.#try(session, current, delta);
        if (ended.type !== 'changed') return ended;
        ({ current } = ended);
        if (session.isLost) return { type: 'again', cause: session.cause };
        if (conflicts > 1) await pauses.rest();
      }
    } catch (thrown) {
      // Reading and making fail without effect on the value.
      if (isPassing(thrown)) return { type: 'again', cause: thrown };
      return thrown instanceof RangeError
        ? { type: 'refused', error: thrown }
        : { type: 'failed', error: thrown as Error };
    } finally {
      turns.free(partition);
      keeper.letGo(session);
    }
  }

  async #try(session: CounterSession, guess: Entry | undefined, delta: bigint): Promise<Try> {
    const { store, key } = this.#context;
    const current =
      guess ?? (await answerOf(session, store.get(key))) ?? (await answerOf(session, this.#maker.make(key)));
    if (current === undefined) return { type: 'changed', current };
    const value = readNumber(key, current.value) + delta;
    if (!fits(value)) {
      // A guess may be wrong: what refuses must be true.
      if (current === guess) return { type: 'changed', current: undefined };
      throw new RangeError(tooLarge(key, delta));
    }
    const bytes = numberBytes(value);
    const owner = current.session;
    const condition: Condition = { modified: current.modified };
    // A number that ends does so with a session of its own. That others' additions stand on ours is not harmed by it.
    const hasEnded = async (): Promise<boolean> => owner !== undefined && (await isDead(store, owner));
    const end = await carryOut<WriteResult>(
      this.#context,
      session,
      options =>
        store.put(key, bytes, condition, owner === undefined ? options : { ...options, session: owner }),
      hasEnded,
    );
    if (end.type === 'answer') {
      if (end.result.outcome === 'not-applied') return { type: 'changed', current: end.result.current };
      this.#last = end.result.entry;
      return { type: 'applied', value };
    }
    if (end.type === 'refused') return { type: 'refused', error: end.error };
    if (end.type === 'again' && errorCode(end.cause) === 'SESSION_LOST' && session.isLive) {
      // The number's own session is dead, and the number with it as soon as somebody clears it away.
      await answerOf(session, store.delete(key, condition));
      return { type: 'changed', current: undefined };
    }
    return end;
  }
}

/** @throws QuorateError `UNAVAILABLE` where it is overdue, or the session is lost first */
async function answerOf<Result>(session: CounterSession, call: Promise<Result>): Promise<Result> {
  const result = await session.guard(call);
  if (result !== sessionGone && result !== overdue) return result;
  throw new QuorateError('UNAVAILABLE', 'The store does not answer', {
    outcome: 'not-applied',
    retryable: true,
  });
}
