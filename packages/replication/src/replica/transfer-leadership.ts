import type { NodeId } from '@quorate/core';
import type { Driver } from './driver.ts';
import { NotLeaderError, transferFailed } from './replica-error.ts';
import type { Wait } from './wait.ts';

/**
 * Hands leadership over, and settles the wait when another leader is known or the core has given the transfer up.
 *
 * @param to the voter that is furthest on where it is left out
 */
export function handOver(driver: Driver, to: NodeId | undefined, wait: Wait<NodeId>): void {
  const { id } = driver.options;
  // What was written before belongs to this leader.
  if (driver.isLeader) driver.flush();
  if (!driver.raft.isLeader) {
    wait.reject(new NotLeaderError(id, driver.leader));
    return;
  }
  const successor = to ?? furthestVoter(driver);
  if (successor === undefined) {
    wait.reject(transferFailed('there is no other voter that is heard of', 'not-applied'));
    return;
  }
  const outcome = driver.raft.transferLeadership(successor);
  if (outcome !== 'started' && outcome !== 'under-way') {
    const why = outcome === 'not-a-voter' ? 'no voter' : 'this replica';
    wait.reject(transferFailed(`"${successor}" is ${why}`, 'not-applied'));
    return;
  }
  const { term } = driver;
  driver.endWith(wait);
  const subscription = driver.events.subscribe(event => {
    if (event.type !== 'role' || event.leader === undefined || event.leader === id) return;
    wait.resolve(event.leader);
  });
  // The core gives a transfer up after an election timeout; a new leader may need another to be heard of.
  const { clock, electionTimeoutMs } = driver.options;
  const timer = clock.setTimer(electionTimeoutMs * 2, () => {
    const leads = driver.isLeader && driver.term === term;
    wait.reject(
      transferFailed(leads ? 'this replica still leads' : 'no other leader is known yet', 'unknown'),
    );
  });
  wait.onSettled(() => {
    subscription[Symbol.dispose]();
    timer.cancel();
  });
  driver.schedule();
}

function furthestVoter(driver: Driver): NodeId | undefined {
  let furthest: NodeId | undefined;
  let match = -1;
  for (const member of driver.raft.status().progress) {
    const isCandidate = member.id !== driver.options.id && !member.learner && member.recentlyActive;
    if (!isCandidate || member.match <= match) continue;
    furthest = member.id;
    match = member.match;
  }
  return furthest;
}
