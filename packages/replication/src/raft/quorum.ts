/** What an election, or any other question to the voters, has come to. */
export type VoteResult = 'won' | 'lost' | 'pending';

/**
 * The highest index that a majority has reached: entry `ceil((n + 1) / 2)` of the indexes, highest first (etcd `quorum`).
 * No voters have reached everything, so that an absent half of a joint configuration never holds the other back.
 *
 * `indexes` holds one number per voter in its first `count` places and is sorted in place; counts are small.
 */
export function majorityIndex(indexes: number[], count: number): number {
  if (count === 0) return Number.POSITIVE_INFINITY;
  for (let at = 1; at < count; at++) {
    const value = indexes[at] ?? 0;
    let place = at - 1;
    while (place >= 0 && (indexes[place] ?? 0) > value) {
      indexes[place + 1] = indexes[place] ?? 0;
      place--;
    }
    indexes[place + 1] = value;
  }
  return indexes[count - (Math.floor(count / 2) + 1)] ?? 0;
}

/** What `granted` and `rejected` votes of `count` voters come to. No voters have agreed, as in {@link majorityIndex}. */
export function majorityVote(granted: number, rejected: number, count: number): VoteResult {
  if (count === 0) return 'won';
  const majority = Math.floor(count / 2) + 1;
  if (granted >= majority) return 'won';
  return count - rejected >= majority ? 'pending' : 'lost';
}

/** Both halves of a joint configuration have to agree, and either can refuse (Ongaro 2014, §4.3). */
export function jointVote(incoming: VoteResult, outgoing: VoteResult): VoteResult {
  if (incoming === outgoing) return incoming;
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending';
}
