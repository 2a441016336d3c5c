import { type NodeId, nodeId } from '@quorate/core';
import type { MemberChange, MembershipChange } from '../raft/membership.ts';
import type { MembershipRefusal } from '../raft/proposal-outcome.ts';
import type { Reconfiguration, ReconfigureOptions } from './replica.ts';
import type { AckLevel, ReadMode, SemiSync } from './write-options.ts';

/** What a refused change of membership says. */
export const refusalText: Readonly<Record<MembershipRefusal, string>> = {
  'not-leader': 'this replica does not lead',
  transferring: 'leadership is being handed over',
  full: 'too much waits to be committed',
  'too-early': 'the leader has not committed an entry of its own term yet',
  pending: 'another change is under way',
  joint: 'the joint configuration has to be left first',
  'not-joint': 'there is nothing to change, and no joint configuration to leave',
  invalid: 'it would leave no voter',
};

/** Whether the same change may be taken a moment later. */
export function isPassing(refusal: MembershipRefusal): boolean {
  return refusal !== 'joint' && refusal !== 'not-joint' && refusal !== 'invalid';
}

/** @throws TypeError unless it is an array of bytes */
export function checkBytes(what: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array))
    throw new TypeError(`${what} must be a Uint8Array: received ${String(bytes)}`);
}

/** @throws TypeError, RangeError for what is no acknowledgement level */
export function checkAck(ack: AckLevel): SemiSync | undefined {
  if (ack === 'leader' || ack === 'quorum' || ack === 'all') return undefined;
  if (typeof ack !== 'object' || ack === null) {
    throw new TypeError(
      `Acknowledgement must be "leader", "quorum", "all" or { semiSync }: received ${String(ack)}`,
    );
  }
  const { semiSync, timeoutMs, onTimeout } = ack;
  if (!Number.isSafeInteger(semiSync) || semiSync < 1) {
    throw new RangeError(`Semi-synchronous replicas must be an integer of at least 1: received ${semiSync}`);
  }
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new RangeError(`Timeout in ms must be a number of at least 0: received ${timeoutMs}`);
  }
  if (onTimeout !== undefined && onTimeout !== 'fail' && onTimeout !== 'degrade') {
    throw new TypeError(`What is done on timeout must be "fail" or "degrade": received ${String(onTimeout)}`);
  }
  return ack;
}

/** @throws TypeError, RangeError for what cannot be read so */
export function checkReadMode(mode: ReadMode, maxStalenessMs: number | undefined, leases: boolean): void {
  if (mode !== 'linearizable' && mode !== 'lease' && mode !== 'follower' && mode !== 'local') {
    throw new TypeError(
      `Mode of a read must be "linearizable", "lease", "follower" or "local": received ${String(mode)}`,
    );
  }
  if (mode === 'lease' && !leases)
    throw new TypeError('Lease reads need the option "leases": it is false here');
  if (maxStalenessMs === undefined) return;
  if (mode !== 'local') throw new TypeError(`Staleness is bounded of "local" reads alone: received ${mode}`);
  if (!(maxStalenessMs >= 0)) {
    throw new RangeError(`Staleness in ms must be a number of at least 0: received ${maxStalenessMs}`);
  }
}

/** How the core calls the transitions. */
const transitions = { auto: 'auto', joint: 'joint-implicit', explicit: 'joint-explicit' } as const;

/** @throws TypeError, RangeError for a change that says nothing, and for ids that are none or that are named twice */
export function membershipChange(
  change: Reconfiguration,
  transition: NonNullable<ReconfigureOptions['transition']>,
): MembershipChange {
  if (typeof change !== 'object' || change === null) {
    throw new TypeError(`Change must be { voters, learners, remove }: received ${String(change)}`);
  }
  const { voters, learners, remove, ...others } = change;
  // A misspelt list would make it a change of nobody, which leaves a joint configuration.
  for (const name of Object.keys(others)) {
    throw new TypeError(`Change must be of "voters", "learners" and "remove" alone: received "${name}"`);
  }
  const changes: MemberChange[] = [
    ...idsOf('Voters', voters).map(node => ({ change: 'voter' as const, node })),
    ...idsOf('Learners', learners).map(node => ({ change: 'learner' as const, node })),
    ...idsOf('Members to remove', remove).map(node => ({ change: 'remove' as const, node })),
  ];
  checkOnce(
    'Members of a change',
    changes.map(({ node }) => node),
  );
  if (!Object.hasOwn(transitions, transition)) {
    throw new TypeError(`Transition must be "auto", "joint" or "explicit": received ${transition}`);
  }
  // No changes leave a joint configuration, however it was entered.
  return { transition: changes.length === 0 ? 'auto' : transitions[transition], changes };
}

/** @throws TypeError, RangeError unless all of them are ids */
export function idsOf(what: string, ids: readonly NodeId[] = []): readonly NodeId[] {
  if (!Array.isArray(ids))
    throw new TypeError(`${what} must be an array of node ids: received ${String(ids)}`);
  return ids.map(nodeId);
}

/** @throws RangeError where one is named twice */
export function checkOnce(what: string, ids: readonly NodeId[]): void {
  const twice = ids.find((id, at) => ids.indexOf(id) < at);
  if (twice !== undefined) throw new RangeError(`${what} must be named once each: received "${twice}" twice`);
}
