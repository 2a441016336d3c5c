import {
  boundedWait,
  type InspectedMessage,
  type LeasedMessage,
  type MessageId,
  partitionOf,
  sleep,
  type WaitOptions,
} from '@quorate/core';
import type { QueuesContext } from '../queues-options.ts';
import { leave, moveBack, settleAll, targetOf } from './move-back.ts';
import { redriveOne } from './redrive-one.ts';

/** So many that are not wanted are held aside while those that are wanted are looked for. */
const asideMax = 100;

/** Letters leased, or looked at, in one call. */
const batchMax = 32;

/** For how long those that are not wanted are gone where this process dies meanwhile. */
const leaseMs = 10_000;

/** How often, and how soon, it is looked again for a letter that somebody else has. */
const looksMax = 10;
const lookRestMs = 100;

/** What a redrive is for. */
interface Redrive {
  readonly context: QueuesContext;
  readonly queue: string;
  readonly to: string | undefined;
  readonly origin: string;
  readonly owner: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Puts some dead letters back. Only a lease can be moved in one commit, and a lease takes what stands first: so those among the first
 * hundred are found by leasing, and what stands before them is held aside for as long. The others, and those behind one of their key
 * that is not wanted, go back in two steps. Nor is one that somebody else has just now: whoever redrives it beside us moves it, so it is
 * waited for, for a second.
 *
 * @returns how many there were
 */
export function redriveSome(
  context: QueuesContext,
  queue: string,
  ids: readonly string[],
  to: string | undefined,
  origin: string,
  wait: WaitOptions,
): Promise<number> {
  return boundedWait(context.clock, wait, 'unknown', async signal => {
    const owner = `redrive-${context.random.uint32().toString(36)}`;
    const redrive: Redrive = { context, queue, to, origin, owner, signal };
    let wanted = await present(redrive, ids as readonly MessageId[]);
    let count = 0;
    for (let look = 1; wanted.size > 0; look++) {
      count += await moveFirst(redrive, wanted);
      if (wanted.size === 0) return count;
      wanted = await present(redrive, [...wanted.keys()]);
      const isHeld = [...wanted.values()].some(({ state }) => state === 'leased');
      if (!isHeld || look === looksMax) break;
      await sleep(context.clock, lookRestMs, { signal });
    }
    for (const id of wanted.keys()) {
      if (await redriveOne(context, queue, id, to, origin, { signal })) count++;
    }
    return count;
  });
}

/** Those that are there. */
async function present(
  { context, queue, signal }: Redrive,
  ids: readonly MessageId[],
): Promise<Map<MessageId, Omit<InspectedMessage, 'body'>>> {
  const there = new Map<MessageId, Omit<InspectedMessage, 'body'>>();
  for (let from = 0; from < ids.length; from += batchMax) {
    const some = ids.slice(from, from + batchMax);
    const found = await Promise.all(some.map(id => context.store.inspect.get(queue, id, { signal })));
    for (const letter of found) {
      if (letter === undefined) continue;
      const { body: _, ...rest } = letter;
      there.set(letter.id, rest);
    }
  }
  return there;
}

/** Moves those that can be leased, and takes them out of what is wanted. Says how many were moved. */
async function moveFirst(
  redrive: Redrive,
  wanted: Map<MessageId, Pick<InspectedMessage, 'headers'>>,
): Promise<number> {
  const { context, queue, to, origin, owner, signal } = redrive;
  const { store } = context;
  // Into another partition nothing can be moved.
  const isBeside = [...wanted.values()].some(
    letter => partitionOf(targetOf(letter, to, origin)) === partitionOf(queue),
  );
  if (!isBeside) return 0;
  const aside: LeasedMessage[] = [];
  let count = 0;
  try {
    while (wanted.size > 0 && aside.length < asideMax) {
      const leased = await store.lease(queue, { messagesMax: batchMax, leaseMs, owner, signal });
      if (leased.length === 0) break;
      const found: LeasedMessage[] = [];
      for (const letter of leased) (isWanted(redrive, wanted, letter) ? found : aside).push(letter);
      const moves = found.map(letter => moveBack(letter, to, origin));
      const lost = await settleAll(store, moves);
      for (const { id } of found) {
        // This took longer than the lease, and somebody else had it meanwhile: it may be there still.
        if (lost.has(id)) continue;
        wanted.delete(id);
        count++;
      }
    }
  } finally {
    await settleAll(store, aside.map(leave));
  }
  return count;
}

function isWanted(
  { queue, to, origin }: Redrive,
  wanted: ReadonlyMap<MessageId, unknown>,
  letter: LeasedMessage,
): boolean {
  return wanted.has(letter.id) && partitionOf(targetOf(letter, to, origin)) === partitionOf(queue);
}
