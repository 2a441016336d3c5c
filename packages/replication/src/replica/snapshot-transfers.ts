import type { LogIndex, NodeId, Random } from '@quorate/core';
import { decodeMembership } from '../raft/membership-codec.ts';
import { membersOf } from '../raft/membership.ts';
import type { SnapshotMessage } from '../raft/raft-message.ts';
import type { ProgressState } from '../raft/raft-status.ts';
import type { SnapshotReceipt } from '../wire/wire-format.ts';
import type { TransferStatus } from './replica.ts';
import { SnapshotTransfer, type TransferContext } from './snapshot-transfer.ts';
import { TransferAttempts } from './transfer-attempts.ts';

/** Whom the transfers tell. */
export interface TransfersHost {
  /** A follower has the snapshot, or will not get this one. */
  onSent(peer: NodeId, ok: boolean): void;
  /** The newest snapshot is of before the follower became a member: it needs another. */
  snapshotNeeded(): void;
  /** What the core knows of a follower. */
  progress(peer: NodeId): { readonly match: LogIndex; readonly state: ProgressState } | undefined;
}

/** One that is not begun yet. */
interface Waiting {
  readonly message: SnapshotMessage;
  readonly dueMs: number;
}

/** A leader's snapshots on their way, at most one to each follower. */
export class SnapshotTransfers {
  readonly #context: TransferContext;
  readonly #random: Random;
  readonly #host: TransfersHost;
  readonly #transfers = new Map<NodeId, SnapshotTransfer>();
  /** Whose disk had no room for the one before, most likely. */
  readonly #waiting = new Map<NodeId, Waiting>();
  readonly #attempts = new Map<NodeId, TransferAttempts>();

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
    const nowMs = this.#context.clock.monotonicMs();
    const under = Array.from(this.#transfers.values(), ({ peer, metadata, acknowledged }) => ({
      peer,
      index: metadata.index,
      bytesAcknowledged: acknowledged,
      failedCount: this.#of(peer).failures,
      retryInMs: undefined,
    }));
    const waiting = Array.from(this.#waiting, ([peer, { message, dueMs }]) => {
      const { failures, last } = this.#of(peer);
      return {
        peer,
        index: last?.index ?? message.snapshot.index,
        bytesAcknowledged: last?.acknowledged ?? 0,
        failedCount: failures,
        retryInMs: Math.max(0, dueMs - nowMs),
      };
    });
    return [...under, ...waiting];
  }

  /** Sends the newest snapshot, which may be newer than the one that the core knew; later where the one before had no room. */
  start(message: SnapshotMessage): void {
    const { to } = message;
    const before = this.#transfers.get(to);
    // That the one before ends is no news of this one.
    this.#transfers.delete(to);
    before?.end(false);
    const waiting = this.#waiting.get(to);
    if (waiting !== undefined) return void this.#waiting.set(to, { ...waiting, message });
    const waitMs = this.#of(to).again(this.#host.progress(to)?.match ?? 0);
    if (waitMs === 0) this.#begin(message);
    else this.#waiting.set(to, { message, dueMs: this.#context.clock.monotonicMs() + waitMs });
  }

  #begin({ to, term }: SnapshotMessage): void {
    const { journal, group } = this.#context;
    this.#waiting.delete(to);
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
      this.#of(to).ended(transfer.acknowledged, ok);
      this.#host.onSent(to, ok);
    });
    this.#transfers.set(to, transfer);
    this.#of(to).begun(snapshot.metadata.index);
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
    const nowMs = this.#context.clock.monotonicMs();
    for (const [peer, { message, dueMs }] of this.#waiting) {
      if (nowMs < dueMs) continue;
      // It may have found what it lacked in the log, or be a member no more.
      if (this.#host.progress(peer)?.state === 'snapshot') this.#begin(message);
      else this.#waiting.delete(peer);
    }
  }

  /** Leadership ended. */
  abort(): void {
    const transfers = [...this.#transfers.values()];
    this.#transfers.clear();
    this.#waiting.clear();
    this.#attempts.clear();
    for (const transfer of transfers) transfer.end(false);
  }

  #of(peer: NodeId): TransferAttempts {
    let attempts = this.#attempts.get(peer);
    if (attempts === undefined) {
      const { retryMs } = this.#context;
      attempts = new TransferAttempts(retryMs / 2, retryMs * 8);
      this.#attempts.set(peer, attempts);
    }
    return attempts;
  }
}
