import type { RaftOptions } from '../raft/raft-options.ts';
import type { ResolvedOptions } from './replica-options.ts';

/** What the core is given: ticks for times, and the journal's view of what is on disk. */
export function raftOptions(options: ResolvedOptions): RaftOptions {
  const { journal, group } = options;
  return {
    id: options.id,
    random: options.random,
    log: {
      first: () => journal.recover(group).first,
      snapshot: () => journal.recover(group).snapshot,
      termAt: index => journal.termAt(group, index),
    },
    heartbeatTicks: options.heartbeatTicks,
    electionTicks: options.electionTicks,
    preVote: options.preVote,
    checkQuorum: options.checkQuorum,
    leaseReads: options.leases,
    leaseMarginTicks: options.leaseMarginTicks,
    appendBytesMax: options.appendBytesMax,
    uncommittedBytesMax: options.pendingBytesMax,
    tailBytesMax: options.tailBytes,
    lazyCommits: true,
    paceCatchUp: true,
    trace: options.trace,
  };
}
