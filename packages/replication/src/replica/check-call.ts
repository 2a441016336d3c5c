import { type NodeId, nodeId } from '@quorate/core';
import { type MemberChange, type MembershipChange, sortedIds } from '../raft/membership.ts';
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

/** @throws TypeError, RangeError for what is no acknowledgement level */
export function checkAck(ack: AckLevel): SemiSync | undefined {
  if (ack === 'leader' || ack === 'quorum' || ack === 'all') return undefined;
  if (typeof ack !== 'object' || ack === null) {
    throw new TypeError(`Acknowledgement must be a known level: received ${String(ack)}`);
  }
  const { semiSync, timeoutMs, onTimeout } = ack;
  if (!Number.isSafeInteger(semiSync) || semiSync < 1) {
    throw new RangeError(`Semi-synchronous replicas must be an integer of at least 1: received ${semiSync}`);
  }
  if (timeoutMs !== undefined && !(timeoutMs >= 0)) {
    throw new RangeError(`Timeout in ms must be a number of at least 0: received ${timeoutMs}`);
  }
  if (onTimeout !== undefined && onTimeout !== 'fail' && onTimeout !== 'degrade') {
    throw new TypeError(`Timeout must "fail" or "degrade": received ${String(onTimeout)}`);
  }
  return ack;
}

/** @throws TypeError, RangeError for what cannot be read so */
export function checkReadMode(mode: ReadMode, maxStalenessMs: number | undefined, leases: boolean): void {
  if (mode !== 'linearizable' && mode !== 'lease' && mode !== 'follower' && mode !== 'local') {
    throw new TypeError(`Mode of a read must be a known one: received ${String(mode)}`);
  }
  if (mode === 'lease' && !leases) throw new TypeError('Lease reads need the option "leases"');
  if (maxStalenessMs === undefined) return;
  if (mode !== 'local') throw new TypeError(`Staleness is bounded of "local" reads alone: received ${mode}`);
  if (!(maxStalenessMs >= 0)) {
    throw new RangeError(`Staleness in ms must be a number of at least 0: received ${maxStalenessMs}`);
  }
}

/** @throws TypeError, RangeError for ids that are none or that are named twice */
export function membershipChange(
  { voters = [], learners = [], remove = [] }: Reconfiguration,
  transition: NonNullable<ReconfigureOptions['transition']>,
): MembershipChange {
  const changes: MemberChange[] = [
    ...changesOf('voter', voters),
    ...changesOf('learner', learners),
    ...changesOf('remove', remove),
  ];
  if (sortedIds(changes.map(({ node }) => node)).length < changes.length) {
    throw new RangeError('Members must be named once in a change: received one twice');
  }
  // No changes leave a joint configuration, however it was entered.
  if (changes.length === 0) return { transition: 'auto', changes };
  switch (transition) {
    case 'auto':
      return { transition, changes };
    case 'joint':
      return { transition: 'joint-implicit', changes };
    case 'explicit':
      return { transition: 'joint-explicit', changes };
    default:
      throw new TypeError(`Transition must be a known one: received ${String(transition)}`);
  }
}

function changesOf(change: MemberChange['change'], ids: readonly NodeId[]): readonly MemberChange[] {
  return ids.map(id => ({ change, node: nodeId(id) }));
}
