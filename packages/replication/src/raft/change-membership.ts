import type { NodeId } from '@quorate/core';
import {
  entersJoint,
  isJoint,
  leavesJoint,
  type MemberChange,
  type Membership,
  type MembershipChange,
  sortedIds,
} from './membership.ts';

/** Why a change does not fit the present membership. */
export type MembershipFault =
  | 'config is already joint'
  | "can't make a zero-voter config joint"
  | "can't leave a non-joint config"
  | "can't apply simple config change in joint config"
  | 'more than one voter changed without entering joint config'
  | 'removed all voters';

/** The membership after a change, or why there is none. */
export type ChangedMembership =
  | { readonly membership: Membership; readonly fault?: undefined }
  | { readonly membership?: undefined; readonly fault: MembershipFault };

/**
 * The membership after `change`. Pure, so that a replica that replays its log comes to the same (etcd `confchange`).
 *
 * Removing whom nobody knows and adding whom everybody knows changes nothing.
 */
export function changedMembership(membership: Membership, change: MembershipChange): ChangedMembership {
  if (leavesJoint(change)) return leaveJoint(membership);
  const joint = entersJoint(change);
  if (joint !== undefined) return enterJoint(membership, change.changes, joint.autoLeave);
  return changeSimply(membership, change.changes);
}

/** Copies the voters to the outgoing side and changes the incoming one: C(old) becomes C(old,new) (Ongaro 2014, §4.3). */
export function enterJoint(
  membership: Membership,
  changes: readonly MemberChange[],
  autoLeave: boolean,
): ChangedMembership {
  if (isJoint(membership)) return { fault: 'config is already joint' };
  if (membership.voters.length === 0) return { fault: "can't make a zero-voter config joint" };
  const draft = new Draft({ ...membership, votersOutgoing: membership.voters });
  draft.apply(changes);
  if (draft.voters.size === 0) return { fault: 'removed all voters' };
  return { membership: draft.membership(autoLeave) };
}

/** Drops the outgoing side; whom it had held back from becoming a learner now is one. */
export function leaveJoint(membership: Membership): ChangedMembership {
  if (!isJoint(membership)) return { fault: "can't leave a non-joint config" };
  return {
    membership: {
      voters: membership.voters,
      votersOutgoing: [],
      learners: sortedIds([...membership.learners, ...membership.learnersNext]),
      learnersNext: [],
      autoLeave: false,
    },
  };
}

/** Changes at most one voter, so that old and new majorities have a member in common (Ongaro 2014, §4.1). */
export function changeSimply(membership: Membership, changes: readonly MemberChange[]): ChangedMembership {
  if (isJoint(membership)) return { fault: "can't apply simple config change in joint config" };
  const draft = new Draft(membership);
  draft.apply(changes);
  if (draft.voters.size === 0) return { fault: 'removed all voters' };
  const before = new Set(membership.voters);
  let differing = 0;
  for (const id of draft.voters) if (!before.has(id)) differing++;
  for (const id of before) if (!draft.voters.has(id)) differing++;
  if (differing > 1) return { fault: 'more than one voter changed without entering joint config' };
  return { membership: draft.membership(false) };
}

/** A membership while single changes are made to its incoming side. */
class Draft {
  readonly voters: Set<NodeId>;
  readonly #outgoing: ReadonlySet<NodeId>;
  readonly #learners: Set<NodeId>;
  readonly #learnersNext: Set<NodeId>;

  constructor(membership: Membership) {
    this.voters = new Set(membership.voters);
    this.#outgoing = new Set(membership.votersOutgoing);
    this.#learners = new Set(membership.learners);
    this.#learnersNext = new Set(membership.learnersNext);
  }

  apply(changes: readonly MemberChange[]): void {
    for (const { change, node } of changes) {
      if (change === 'voter') {
        this.#remove(node);
        this.voters.add(node);
      } else if (change === 'learner') {
        if (this.#learners.has(node)) continue;
        this.#remove(node);
        // Nobody is a voter of the outgoing side and a learner at once: it waits until the joint configuration is left.
        if (this.#outgoing.has(node)) this.#learnersNext.add(node);
        else this.#learners.add(node);
      } else {
        this.#remove(node);
      }
    }
  }

  membership(autoLeave: boolean): Membership {
    return {
      voters: sortedIds(this.voters),
      votersOutgoing: sortedIds(this.#outgoing),
      learners: sortedIds(this.#learners),
      learnersNext: sortedIds(this.#learnersNext),
      autoLeave,
    };
  }

  #remove(node: NodeId): void {
    this.voters.delete(node);
    this.#learners.delete(node);
    this.#learnersNext.delete(node);
  }
}
