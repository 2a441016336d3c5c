import { type LogIndex, type NodeId, QuorateError, type SnapshotMetadata } from '@quorate/core';
import type { RaftWrite } from '../raft/effects.ts';
import type { Raft } from '../raft/raft.ts';
import type { MessageWriter } from '../wire/message-writer.ts';
import type { SnapshotPiece } from '../wire/wire-format.ts';
import type { Applier } from './applier.ts';
import type { CatchUp } from './catch-up.ts';
import { journalFailed } from './replica-error.ts';
import type { ReplicaEvents } from './replica-event.ts';
import type { ResolvedOptions } from './replica-options.ts';
import { restoreSnapshot } from './restore-snapshot.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotTransfers } from './snapshot-transfers.ts';

/** What the desk needs of its replica. */
export interface DeskHost {
  readonly options: ResolvedOptions;
  readonly events: ReplicaEvents;
  readonly applier: Applier;
  readonly catchUp: CatchUp;
  /** The core, which may be another one the next time. */
  readonly raft: Raft;
  readonly over: QuorateError | undefined;
  readonly installing: boolean;
  schedule(): void;
  flush(): void;
  fail(error: QuorateError): void;
}

/** Every way of a snapshot: taken here, sent to a follower, received from a leader, installed. */
export class SnapshotDesk {
  readonly transfers: SnapshotTransfers;
  readonly keeper: SnapshotKeeper;
  readonly #host: DeskHost;
  readonly #receiver: SnapshotReceiver;
  /** The snapshot that the core last asked to be installed. */
  #taken: SnapshotMetadata | undefined;

  constructor(host: DeskHost, messages: MessageWriter) {
    this.#host = host;
    this.transfers = this.#makeTransfers(messages);
    this.#receiver = this.#makeReceiver(messages);
    this.keeper = new SnapshotKeeper(host.options, {
      applier: host.applier,
      termAt: index => host.raft.termAt(index),
      progress: () => (host.raft.isLeader ? host.raft.status().progress : []),
      lowestTransfer: () => this.transfers.lowest(),
      installing: () => host.installing,
      onTaken: index => host.events.emit({ type: 'snapshot', how: 'taken', index }),
      onNotTaken: error => host.events.emit({ type: 'snapshot-failed', error }),
      onJournalFailed: error => host.fail(journalFailed(error)),
    });
  }

  onPiece(from: NodeId, piece: SnapshotPiece): void {
    this.#receiver.onPiece(from, piece);
  }

  /** A write that the core asks for is about to be stored. */
  noteWrite({ snapshot }: RaftWrite): void {
    if (snapshot !== undefined) this.#taken = snapshot;
  }

  /** A follower needs one and there is none for it. */
  take(): void {
    const { raft } = this.#host;
    this.keeper.take().then(
      () => {
        if (this.#host.raft !== raft) return;
        raft.snapshotTaken();
        this.#host.schedule();
      },
      () => {},
    );
  }

  /** Puts journal and state machine to the snapshot that was received. */
  async install({ snapshot, hardState }: RaftWrite): Promise<void> {
    if (snapshot === undefined) return;
    const { options, applier, events } = this.#host;
    const { journal, group, machine } = options;
    applier.forget();
    // The term first: a log must not hold entries of a term that its replica does not know. What the snapshot commits is not
    // said before it is there, or a log that holds something else in its place would pass for committed; nor is anything
    // unsaid that was committed before, on which others may rely.
    if (hardState !== undefined) {
      const known = journal.recover(group).hardState?.committed ?? 0;
      const committed = Math.min(hardState.committed, Math.max(applier.index, known)) as LogIndex;
      await journal.write({ group, hardState: { ...hardState, committed } });
    }
    await this.#receiver.finish(snapshot);
    try {
      const state = await restoreSnapshot(journal, group, machine);
      if (state === undefined) throw journalFailed(new Error('The snapshot that was saved is not there'));
      applier.install(state);
    } catch (error) {
      this.#host.fail(error instanceof QuorateError ? error : journalFailed(error));
      throw error;
    }
    this.keeper.installed(snapshot.index);
    events.emit({ type: 'snapshot', how: 'installed', index: snapshot.index });
  }

  /** The core starts anew: nothing that it asked to be installed will be. */
  abandon(): void {
    this.#receiver.abandon();
  }

  tick(): void {
    this.transfers.tick();
    this.#receiver.tick();
  }

  async end(): Promise<void> {
    await Promise.all([this.#receiver.end(), this.keeper.end()]);
  }

  #makeTransfers(messages: MessageWriter): SnapshotTransfers {
    const host = this.#host;
    const { clock, journal, group, transport, random, electionTimeoutMs } = host.options;
    const context = {
      clock,
      journal,
      group,
      transport,
      messages,
      pieceBytes: host.options.pieceBytes,
      windowBytes: host.options.transferWindowBytes,
      retryMs: electionTimeoutMs,
      giveUpMs: electionTimeoutMs * 10,
      mayLeave: (peer: NodeId, byteCount: number, again: () => void) =>
        host.catchUp.mayLeave(peer, byteCount, again),
    };
    return new SnapshotTransfers(context, random.fork('transfers'), {
      onSent: (peer, ok) => {
        if (host.over !== undefined) return;
        host.raft.snapshotSent(peer, ok);
        host.schedule();
      },
      snapshotNeeded: () => this.take(),
      progress: peer => host.raft.status().progress.find(({ id }) => id === peer),
    });
  }

  #makeReceiver(messages: MessageWriter): SnapshotReceiver {
    const host = this.#host;
    const { id, clock, journal, group, transport, electionTimeoutMs, transferWindowBytes } = host.options;
    return new SnapshotReceiver({
      clock,
      journal,
      group,
      giveUpMs: electionTimeoutMs * 10,
      receiptBytes: Math.floor(transferWindowBytes / 4),
      queueMaxBytes: Math.max(transferWindowBytes * 4, 0x100_0000),
      wants: metadata => host.raft.wantsSnapshot(metadata),
      send: (to, receipt) => void transport.send(to, messages.receipt(receipt), group),
      onComplete: (from, term, snapshot) => {
        this.#taken = undefined;
        host.raft.step({ type: 'snapshot', from, to: id, term, snapshot });
        host.flush();
        return this.#taken === snapshot;
      },
    });
  }
}
