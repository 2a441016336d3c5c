import {
  type Clock,
  errorCode,
  ownedEntry,
  type Revision,
  type StoreChange,
  type StoreEvent,
  Wake,
} from '@quorate/core';
import { isSame, nowhere, type Position } from '../partition-message.ts';
import type { PartitionReplica } from '../partition-replica.ts';
import { orAborted } from './or-aborted.ts';
import type { Partitions } from './partitions.ts';

/** How often a watch looks without being told to. */
const lookMs = 30_000;

/** How long it rests where the server cannot be asked. */
const restMs = 500;

/**
 * How soon it looks again where a message was heard of before it was stored, ms, and after twice the time where it still is not: a
 * server that stands still may store it much later, and nobody would tell of it then.
 */
const againMinMs = 1;

export interface WatchOptions {
  readonly clock: Clock;
  readonly partitions: Partitions;
  readonly token: string;
}

/**
 * Tells the changes that this client's copy of the partition goes through. It hears every message that is published there, which
 * is no proof that it was stored: so it looks, once for all watches of the partition, when one would change something under its
 * prefix.
 */
export async function* watchPartition(
  { clock, partitions, token }: WatchOptions,
  prefix: string,
  from: Revision,
  signal: AbortSignal,
): AsyncGenerator<StoreEvent> {
  const wake = new Wake();
  let isInDoubt = true;
  let againMs = againMinMs;
  const remove = partitions.listen(token, {
    prefix,
    onChange: () => wake.call(),
    onDoubt: () => {
      isInDoubt = true;
      againMs = againMinMs;
      wake.call();
    },
  });
  const partition = partitions.of(token);
  let after: number = from;
  let [known, position]: [PartitionReplica | undefined, Position] = [undefined, nowhere];
  try {
    while (!signal.aborted) {
      if (isInDoubt) {
        isInDoubt = false;
        try {
          await orAborted(
            partition.call(() => () => undefined, signal),
            signal,
          );
        } catch (thrown) {
          if (signal.aborted) return;
          if (errorCode(thrown) !== 'UNAVAILABLE') throw thrown;
          isInDoubt = true;
          await wake.wait(clock, restMs, signal);
          continue;
        }
      }
      const { replica } = partition.log;
      if (replica !== undefined) {
        // A copy that was made anew elsewhere may be of a store that went back, and has come to the same revisions by other changes.
        const isAnother = known !== undefined && known !== replica && !isSame(replica.position, position);
        const changes = isAnother ? undefined : changesOf(replica, prefix, after);
        [known, position, after] = [replica, replica.position, replica.revision];
        if (changes === undefined) yield { type: 'resync' };
        else yield* unlessAborted(changes, signal);
        if (partition.log.replica !== replica || replica.revision !== after) continue;
      }
      const isOver = await waited(wake, clock, partition.log.isUndecided ? againMs : lookMs, signal);
      againMs = partition.log.isUndecided ? Math.min(lookMs, 2 * againMs) : againMinMs;
      if (isOver) isInDoubt = true;
    }
  } finally {
    remove();
  }
}

/** Nothing where some are forgotten, or where the store itself went back. */
function changesOf(
  replica: PartitionReplica,
  prefix: string,
  after: number,
): readonly StoreChange[] | undefined {
  return replica.revision < after ? undefined : replica.changesAfter(prefix, after);
}

function* unlessAborted(changes: readonly StoreChange[], signal: AbortSignal): Generator<StoreChange> {
  for (const change of changes) {
    if (signal.aborted) return;
    yield { ...change, entry: ownedEntry(change.entry) };
  }
}

/** Whether the whole time is over. */
async function waited(wake: Wake, clock: Clock, durationMs: number, signal: AbortSignal): Promise<boolean> {
  const startMs = clock.monotonicMs();
  await wake.wait(clock, durationMs, signal);
  return clock.monotonicMs() - startMs >= durationMs;
}
