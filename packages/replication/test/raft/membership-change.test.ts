import type { NodeId } from '@quorate/core';
import { describe, expect, test } from 'vitest';
import { changeSimply, enterJoint, leaveJoint } from '../../src/raft/change-membership.ts';
import {
  decodeMembership,
  decodeMembershipChange,
  encodeMembership,
  encodeMembershipChange,
} from '../../src/raft/membership-codec.ts';
import { emptyMembership, type Membership, type MembershipChange } from '../../src/raft/membership.ts';
import { Peers } from '../../src/raft/peers.ts';
import { changesOf, membershipText, progressText } from './etcd-text.ts';
import { type Transcript, transcripts } from './transcript.ts';

const { absent, found } = transcripts('confchange');
const limits = { inflightMax: 10, inflightBytesMax: 1 << 20 };

describe(`etcd's membership transcripts (needs QUORATE_TESTDATA)`, () => {
  test('are there', ctx => {
    ctx.skip(absent !== undefined, absent);
    expect(found.length).toBeGreaterThan(0);
  });

  for (const transcript of found) {
    test(`${transcript.name}: ${transcript.blocks.length} blocks`, () => {
      expect(replay(transcript)).toEqual(transcript.blocks.map(({ expected }) => expected.trim()));
    });
  }
});

/** Each block is a change at the index of its place in the file; what it prints is the membership and the progress. */
function replay({ blocks }: Transcript): readonly string[] {
  let membership: Membership = emptyMembership;
  let peers = Peers.of(membership, 'nobody' as NodeId, 0, limits);
  return blocks.map((block, last) => {
    const changes = changesOf(block.body);
    const changed =
      block.command === 'simple'
        ? changeSimply(membership, changes)
        : block.command === 'enter-joint'
          ? enterJoint(membership, changes, block.options.get('autoleave')?.[0] === 'true')
          : leaveJoint(membership);
    let printed: string = changed.fault ?? '';
    if (changed.membership !== undefined) {
      membership = changed.membership;
      peers = Peers.of(membership, 'nobody' as NodeId, last, limits, peers);
      const progress = [...peers.list].sort((a, b) => Number(a.id) - Number(b.id)).map(one => one.status());
      printed = [membershipText(membership), ...progress.map(progressText)].join('\n');
    }
    return printed;
  });
}

test('memberships and changes survive their encoding, and nothing else is read as one', () => {
  const membership: Membership = {
    voters: ['a', 'b'] as NodeId[],
    votersOutgoing: ['a', 'ü'] as NodeId[],
    learners: ['d'] as NodeId[],
    learnersNext: ['ü'] as NodeId[],
    autoLeave: true,
  };
  expect(decodeMembership(encodeMembership(membership))).toEqual(membership);
  const change: MembershipChange = {
    transition: 'joint-explicit',
    changes: [{ change: 'learner', node: 'x' as NodeId }],
    context: Uint8Array.of(0, 255),
  };
  expect(decodeMembershipChange(encodeMembershipChange(change))).toEqual(change);
  for (const bytes of [
    new Uint8Array(0),
    Uint8Array.of(1),
    Uint8Array.of(1, 0xff),
    new TextEncoder().encode('\u0001null'),
    new TextEncoder().encode('\u0001{"voters":[1]}'),
    new TextEncoder().encode('\u0001{"transition":7,"changes":[]}'),
  ]) {
    expect(decodeMembership(bytes)).toBeUndefined();
    expect(decodeMembershipChange(bytes)).toBeUndefined();
  }
});
