import type { NodeId, Random } from '@quorate/core';
import { decodeMembership } from '../raft/membership-codec.ts';
import { membersOf } from '../raft/membership.ts';
import type { SnapshotMessage } from '../raft/raft-message.ts';
import type { SnapshotReceipt } from '../wire/wire-format.ts';
import type { TransferStatus } from './replica.ts';
import { SnapshotTransfer, type TransferContext } from './snapshot-transfer.ts';

/** Whom the transfers tell. */
export interface TransfersHost {
  /** A follower has the snapshot, or will not get this one. */
  onSent(peer: NodeId, ok: boolean): void;
  /** The newest snapshot is of before the follower became a member: it needs another. */
  snapshotNeeded(): void;
}

/** A leader's snapshots on their way, at most one to each follower. */
export class SnapshotTransfers {
  readonly #context: TransferContext;
  readonly #random: Random;
  readonly #host: TransfersHost;
  readonly #transfers = new Map<NodeId, SnapshotTransfer>();

  constructor(context: TransferContext, random: Random, host: TransfersHost) {
    this.#context = context;
    this.#random = random;
    this.#host = host;
  }

  /** The lowest index that is being sent: what comes after it will be needed. */
  lowest(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { metadata } of this.#transfers.values()) lowest = Math.min(lowest, metadata.index);
    return lowest;
  }

  status(): readonly TransferStatus[] {
    return Array.from(this.#transfers.values(), ({ peer, metadata, acknowledged }) => ({
      peer,
      index: metadata.index,
      bytesAcknowledged: acknowledged,
    }));
  }

  /** Sends the newest snapshot, which may be newer than the one that the core knew. */
  start({ to, term }: SnapshotMessage): void {
    const { journal, group } = this.#context;
    const before = this.#transfers.get(to);
    // That the one before ends is no news of this one.
    this.#transfers.delete(to);
    before?.end(false);
    // What is opened has to be read to its end or given up in the middle, so it is looked at first.
    const metadata = journal.recover(group).snapshot;
    const membership = metadata && decodeMembership(metadata.membership);
    const isMember = membership !== undefined && membersOf(membership).includes(to);
    const snapshot = isMember ? journal.openSnapshot(group) : undefined;
    if (snapshot === undefined) {
      this.#host.onSent(to, false);
      this.#host.snapshotNeeded();
      return;
    }
    const number = this.#random.uint32();
    const transfer = new SnapshotTransfer(this.#context, { peer: to, term, number }, snapshot, ok => {
      if (this.#transfers.get(to) !== transfer) return;
      this.#transfers.delete(to);
      this.#host.onSent(to, ok);
    });
    this.#transfers.set(to, transfer);
    transfer.pump();
  }

  onReceipt(from: NodeId, receipt: SnapshotReceipt): void {
    this.#transfers.get(from)?.onReceipt(receipt);
  }

  /** The connection to a follower ended; its transfer goes on with the next one. */
  onDisconnect(peer: NodeId): void {
    this.#transfers.get(peer)?.lost();
  }

  /** A follower takes messages again. */
  onRoom(peer: NodeId): void {
    this.#transfers.get(peer)?.pump();
  }

  tick(): void {
    for (const transfer of this.#transfers.values()) transfer.tick();
  }

  /** Leadership ended. */
  abort(): void {
    const transfers = [...this.#transfers.values()];
    this.#transfers.clear();
    for (const transfer of transfers) transfer.end(false);
  }
}
