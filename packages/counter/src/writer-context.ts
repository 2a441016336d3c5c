import {
  type CallOptions,
  errorCode,
  type OperationId,
  QuorateError,
  type SessionId,
  type Store,
} from '@quorate/core';
import { isPassing } from './counter-error.ts';
import { type CounterSession, overdue, sessionGone } from './counter-session.ts';
import type { WriteOutcome } from './number-writer.ts';
import type { Pauses } from './pauses.ts';
import type { SessionKeeper } from './session-keeper.ts';
import type { Turns } from './turns.ts';

/** What writers stand on. */
export interface WriterContext {
  readonly store: Store;
  readonly keeper: SessionKeeper;
  readonly partition: string;
  readonly key: string;
  readonly pauses: Pauses;
  readonly turns: Turns;
}

/** One operation's end: an answer of the store, a refusal, or why there is none. */
export type OperationEnd<Result> =
  | { readonly type: 'answer'; readonly result: Result; readonly isRepeat: boolean }
  | { readonly type: 'refused'; readonly error: RangeError; readonly isRepeat: boolean }
  | Exclude<WriteOutcome, { readonly type: 'applied' } | { readonly type: 'refused' }>;

/** A call of the store whose outcome may come as a value. */
type Call<Result> = (options: CallOptions & { readonly operation: OperationId }) => Promise<Result>;

type Known<Result> = Exclude<Result, { readonly outcome: 'unknown' }>;

/**
 * Carries one operation out: repeats it under the same id until its outcome is known, or the session that remembers it is lost.
 *
 * Once one try may have got through, a later one that did not says nothing.
 *
 * @param isOthers asked where a session is dead: whether it is another one that the operation names
 */
export async function carryOut<Result extends { readonly outcome: string }>(
  { partition, pauses }: Pick<WriterContext, 'partition' | 'pauses'>,
  session: CounterSession,
  call: Call<Result>,
  isOthers: () => Promise<boolean> = isOurs,
): Promise<OperationEnd<Known<Result>>> {
  if (!session.isLive) return { type: 'again', cause: session.cause };
  const operation = session.operation(partition);
  let isSent = false;
  for (;;) {
    let cause: unknown;
    try {
      const result = await session.guard(call({ operation }));
      if (result === sessionGone) return { type: 'unknown', cause: session.cause };
      if (result === overdue) {
        if (session.isClosing) return { type: 'unknown', cause };
      } else {
        if (result.outcome !== 'unknown')
          return { type: 'answer', result: result as Known<Result>, isRepeat: isSent };
        cause = (result as { readonly cause?: unknown }).cause;
      }
      isSent = true;
    } catch (thrown) {
      if (thrown instanceof RangeError) return { type: 'refused', error: thrown, isRepeat: isSent };
      if (!isSent) return await notSent(session, thrown, isOthers);
      cause = thrown;
    }
    if (errorCode(cause) === 'SESSION_LOST') {
      if (await isOthers()) return { type: 'unknown', cause };
      session.lose(cause);
    }
    if (session.isLost || isFinal(cause)) return { type: 'unknown', cause };
    if (cause !== undefined) await session.guard(pauses.rest());
    if (!session.isLive) return { type: 'unknown', cause: session.cause };
  }
}

/** A first try that certainly had no effect. */
async function notSent(
  session: CounterSession,
  thrown: unknown,
  isOthers: () => Promise<boolean>,
): Promise<OperationEnd<never>> {
  if (errorCode(thrown) === 'SESSION_LOST') {
    if (!(await isOthers())) session.lose(thrown);
    return { type: 'again', cause: thrown };
  }
  if (isPassing(thrown)) return { type: 'again', cause: thrown };
  return { type: 'failed', error: thrown as Error };
}

/** An operation that names no other session. */
async function isOurs(): Promise<boolean> {
  return false;
}

/** How long a store may take to say that a session is dead. */
const deathMs = 1000;

/** Whether a session is certainly dead. */
export function isDead(store: Store, session: SessionId): Promise<boolean> {
  return store.observe(session, { deadlineMs: deathMs }).then(
    () => true,
    () => false,
  );
}

/** Whether no repeat can tell more. */
function isFinal(cause: unknown): boolean {
  return ['CLOSED', 'OPERATION_SUPERSEDED'].includes(errorCode(cause) ?? '');
}

/** A session that is being opened, or why there is none. */
export async function settled(
  using: Promise<CounterSession>,
): Promise<CounterSession | Extract<WriteOutcome, { readonly type: 'again' | 'failed' }>> {
  try {
    return await using;
  } catch (thrown) {
    if (thrown instanceof QuorateError && thrown.code !== 'CLOSED') return { type: 'again', cause: thrown };
    return { type: 'failed', error: thrown as Error };
  }
}
