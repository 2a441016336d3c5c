import { partitionOf, type QuorateError, type Unknown } from '@quorate/core';

/**
 * Carries items out in groups whose queues have a partition in common, `max` at most in each, and gives the results in the items'
 * order. A group that fails beside others that do not is of unknown outcome; where all fail the call does.
 */
export async function inGroups<Item, Result>(
  items: readonly Item[],
  queueOf: (item: Item) => string,
  max: number,
  call: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly (Result | Unknown)[]> {
  if (items.length <= max && areOfOneQueue(items, queueOf)) return call(items);
  const groups = groupsOf(items, queueOf, max);
  if (groups.length === 1) return call(items);
  const settled = await Promise.allSettled(
    groups.map(indexes => call(indexes.map(index => items[index] as Item))),
  );
  const failed = settled.filter(each => each.status === 'rejected');
  if (failed.length === settled.length) throw worst(failed.map(({ reason }) => reason as QuorateError));
  const results: (Result | Unknown)[] = [];
  for (const [place, indexes] of groups.entries()) {
    const each = settled[place] as PromiseSettledResult<readonly Result[]>;
    for (const [at, index] of indexes.entries()) {
      results[index] =
        each.status === 'fulfilled'
          ? (each.value[at] as Result)
          : { outcome: 'unknown', cause: each.reason as QuorateError };
    }
  }
  return results;
}

/** One that is not sure that nothing happened speaks for all. */
function worst(failures: readonly QuorateError[]): QuorateError {
  return failures.find(({ outcome }) => outcome === 'unknown') ?? (failures[0] as QuorateError);
}

/** The most frequent case by far. */
function areOfOneQueue<Item>(items: readonly Item[], queueOf: (item: Item) => string): boolean {
  if (items.length === 0) return false;
  const queue = queueOf(items[0] as Item);
  return items.every(item => queueOf(item) === queue);
}

function groupsOf<Item>(
  items: readonly Item[],
  queueOf: (item: Item) => string,
  max: number,
): readonly (readonly number[])[] {
  const groups: number[][] = [];
  const open = new Map<string, number[]>();
  for (const [index, item] of items.entries()) {
    const name = partitionOf(queueOf(item));
    let group = open.get(name);
    if (group === undefined || group.length >= max) {
      groups.push((group = []));
      open.set(name, group);
    }
    group.push(index);
  }
  return groups;
}
