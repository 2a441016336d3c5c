import { type Clock, errorCode, type Revision, type StoreChange, type StoreEvent, Wake } from '@quorate/core';
import { changeOf, revisionOf, type Row } from '../rows.ts';
import type { Notifications } from './notifications.ts';

/** How often a watch looks without being told to: notifications may be lost, and the server forgets who is silent. */
const lookMs = 30_000;

/** How long it rests where the server cannot be asked. */
const restMs = 500;

export interface WatchOptions {
  readonly clock: Clock;
  readonly notifications: Notifications;
  readonly channel: string;
  /** Asks for the changes after a revision. */
  readonly read: (after: Revision, signal: AbortSignal) => Promise<readonly Row[]>;
}

/**
 * Reads the changes that the server has written down, whenever it is told of one under the prefix, and at times of its own.
 * The first time comes after the server listens, so that no change falls between.
 */
export async function* watchPartition(
  { clock, notifications, channel, read }: WatchOptions,
  prefix: string,
  from: Revision,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  const wake = new Wake();
  const remove = notifications.add(channel, key => {
    if (key === undefined || key.startsWith(prefix)) wake.call();
  });
  let after = from;
  try {
    while (!signal.aborted) {
      const rows = await readIfAny(() => read(after, signal));
      if (signal.aborted) return;
      if (rows === undefined) {
        await wake.wait(clock, restMs, signal);
        continue;
      }
      const [head, ...changes] = rows as [Row, ...Row[]];
      after = revisionOf(head['upto']);
      if (rows.some(row => row['missed'] === true)) yield { type: 'resync' };
      else yield* unlessAborted(changes.map(changeOf), signal);
      await wake.wait(clock, lookMs, signal);
    }
  } finally {
    remove();
  }
}

function* unlessAborted(changes: readonly StoreChange[], signal: AbortSignal): Generator<StoreChange> {
  for (const change of changes) {
    if (signal.aborted) return;
    yield change;
  }
}

/** Nothing where the server cannot be asked now. */
async function readIfAny(read: () => Promise<readonly Row[]>): Promise<readonly Row[] | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
    return undefined;
  }
}
