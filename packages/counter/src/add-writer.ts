import { type AddResult, sessionLost } from '@quorate/core';
import { CounterSession } from './counter-session.ts';
import type { NumberWriter, WriteOutcome } from './number-writer.ts';
import { carryOut, settled, type WriterContext } from './writer-context.ts';

/** Adds by the store's own `add`: one round trip, and no conflicts. */
export class AddWriter implements NumberWriter {
  readonly #context: WriterContext;

  constructor(context: WriterContext) {
    this.#context = context;
  }

  async write(delta: bigint): Promise<WriteOutcome> {
    const { keeper, turns, partition } = this.#context;
    const using = keeper.use();
    const session = using instanceof CounterSession ? using : await settled(using);
    if (!(session instanceof CounterSession)) return session;
    const turn = turns.take(partition);
    if (turn !== undefined) await turn;
    try {
      const end = await this.#add(session, delta);
      if (end.type === 'answer') return { type: 'applied', value: end.result.value };
      if (end.type !== 'refused') return end;
      return end.isRepeat ? await this.#fence(session, end.error) : { type: 'refused', error: end.error };
    } finally {
      turns.free(partition);
      keeper.letGo(session);
    }
  }

  #add(session: CounterSession, delta: bigint) {
    const { store, key } = this.#context;
    return carryOut<AddResult>(this.#context, session, options => store.add!(key, delta, options));
  }

  /**
   * A repeat was refused, so that nothing is remembered of the operation; but its first try may still be on its way, and fit by
   * then. The next operation that takes effect makes the store refuse it for ever: nothing is added.
   */
  async #fence(session: CounterSession, error: RangeError): Promise<WriteOutcome> {
    for (;;) {
      const end = await this.#add(session, 0n);
      if (end.type === 'answer') return { type: 'refused', error };
      if (end.type === 'refused') {
        // There is no number any more: the session is given up, and the operation with it.
        session.lose(sessionLost(session.id, 'unknown'));
        return { type: 'unknown', cause: end.error };
      }
      if (end.type !== 'again') return { type: 'unknown', cause: error };
      await session.guard(this.#context.pauses.rest());
      if (session.isLost) return { type: 'unknown', cause: session.cause };
    }
  }
}
