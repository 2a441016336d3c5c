import type { MessageId, QueueStore } from '@quorate/core';
import type { Places } from './envelope.ts';
import { type FlowRecord, memberId } from './flow-record.ts';
import { readResult } from './outcome.ts';

/** So many members are looked for at a time. */
const looksMax = 32;

/**
 * Looks for members of a flow's stage that are neither on their way nor ended: their messages were purged.
 *
 * @param from where to begin, so that looks one after the other see all of them
 */
export async function missingMember(
  store: QueueStore,
  places: Places,
  flow: string,
  { stage, stages }: FlowRecord,
  from: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly id: string | undefined; readonly lookedAt: number }> {
  const { width = 0, isGroup = false } = stages[stage] ?? {};
  const lookedAt = Math.min(width, looksMax);
  const ids = Array.from({ length: lookedAt }, (_, place) => memberId(flow, stage, (from + place) % width));
  const [missing] = await missingOf(store, places, ids, isGroup, signal);
  if (missing === undefined) return { id: undefined, lookedAt };
  // The flow may have gone on in between.
  const record = await store.state.get(places.result(flow), { signal });
  const now = record && readResult(record.value);
  const isSame = now?.state === 'running' && now.stage === stage;
  return { id: isSame ? missing : undefined, lookedAt };
}

/** Those members that are neither on their way nor ended. */
export async function missingOf(
  store: QueueStore,
  places: Places,
  ids: readonly MessageId[],
  isGroup: boolean,
  signal?: AbortSignal,
): Promise<readonly MessageId[]> {
  const missing: MessageId[] = [];
  for (let from = 0; from < ids.length; from += looksMax) {
    const some = ids.slice(from, from + looksMax);
    const present = await Promise.all(
      some.map(async id => {
        if ((await store.inspect.get(places.queue, id, { signal })) !== undefined) return true;
        return isGroup && (await store.state.get(places.result(id), { signal })) !== undefined;
      }),
    );
    missing.push(...some.filter((_, place) => present[place] !== true));
  }
  return missing;
}
