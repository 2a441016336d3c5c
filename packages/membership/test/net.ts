import {
  type GroupId,
  ManualClock,
  type NodeId,
  type SendResult,
  type Transport,
  type TransportHandlers,
  groupId,
  nodeId,
  seededRandom,
} from '@quorate/core';
import { type Membership, type MembershipOptions, createMembership } from '../src/index.ts';

/** A network that hands messages on after a millisecond of the clock, and that tests can look into. */
export class Net {
  readonly clock = new ManualClock({ wallMs: 1_000_000 });
  readonly handlers: Map<string, TransportHandlers> = new Map();
  readonly disconnects: unknown[] = [];
  readonly sentTo: string[] = [];
  /** Members whose transport does not know some peer. */
  unknown = '';

  transport(self: string): Transport {
    const sentTo = this.sentTo;
    const send = (to: NodeId, bytes: Uint8Array, group: GroupId = groupId(0)): SendResult => {
      if (to === this.unknown) throw new RangeError('Peer is unknown');
      sentTo.push(to);
      const message = bytes.slice();
      this.clock.setTimer(1, () => this.handlers.get(to)?.onMessage(nodeId(self), message, group));
      return 'sent';
    };
    return {
      self: nodeId(self),
      capabilities: { messageMaxBytes: 65_536, authenticated: true, reach: 'process' },
      start: async handlers => void this.handlers.set(self, handlers),
      send,
      queuedBytes: () => 0,
      disconnect: (peer, cause) => void this.disconnects.push([peer, cause]),
      async [Symbol.asyncDispose]() {},
    };
  }

  async member(self: string, options: Partial<MembershipOptions> = {}): Promise<Membership> {
    const membership = createMembership({
      transport: this.transport(self),
      clock: this.clock,
      random: seededRandom(self),
      preset: 'local',
      seeds: ['a'],
      ...options,
    });
    await membership.start();
    void membership.join().catch(() => {});
    return membership;
  }
}

/** Who lives, in a member's eyes. */
export const alive = (membership: Membership): string[] => membership.members().map(({ id }) => id);

/** Lets promises go on. */
export const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};
