import { Driver } from './driver.ts';
import { EarlyAcks } from './early-acks.ts';
import { LeaderClock } from './leader-clock.ts';
import { readTail, recover } from './recover.ts';
import type { Replica } from './replica.ts';
import { ReplicaHost } from './replica-host.ts';
import { type ReplicaOptions, resolveOptions } from './replica-options.ts';

/**
 * Starts a replica: puts the state machine to what journal and snapshot say, then takes part.
 *
 * Transport, journal and state machine stay the caller's, to be disposed of after the replica. A replica that is disposed of
 * as a leader leaves its group without one for an election timeout: hand leadership over first.
 *
 * @throws TypeError, RangeError for options that cannot be
 * @throws QuorateError `STATE_AHEAD`, `SNAPSHOT_UNREADABLE`, `MACHINE_FAILED`, and what the journal throws
 */
export async function createReplica(options: ReplicaOptions): Promise<Replica> {
  const resolved = resolveOptions(options);
  const { id, group, journal, machine, members, transport, clock } = resolved;
  const recovered = await recover(journal, group, machine, members);
  const early = new EarlyAcks();
  const leaderClock = new LeaderClock(clock);
  await readTail(journal, group, id, recovered.raft, early, leaderClock);
  const driver = new Driver(resolved, recovered, early, leaderClock);
  const replica = new ReplicaHost(driver);
  try {
    await transport.start({
      onMessage: (from, message, to) => driver.onMessage(from, message, to),
      onConnect: peer => driver.onRoom(peer),
      onDisconnect: peer => driver.onDisconnect(peer),
      onDrain: peer => driver.onRoom(peer),
    });
  } catch (error) {
    await replica[Symbol.asyncDispose]();
    throw error;
  }
  return replica;
}
