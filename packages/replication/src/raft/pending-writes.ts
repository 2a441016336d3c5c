import {
  type HardState,
  invariant,
  type LogEntry,
  type LogIndex,
  type SnapshotMetadata,
} from '@quorate/core';
import type { RaftWrite, WriteToken } from './effects.ts';
import type { RaftMessage } from './raft-message.ts';

/** A write under way and what rests on it. */
export class PendingWrite implements RaftWrite {
  readonly token: WriteToken;
  readonly snapshot: SnapshotMetadata | undefined;
  readonly truncateFrom: LogIndex | undefined;
  readonly entries: readonly LogEntry[];
  readonly hardState: HardState | undefined;
  readonly sync: boolean;
  /** Votes and acknowledgements for others. */
  releases: RaftMessage[];
  /** The log is durable up to here once this write is; a later overwriting lowers it. */
  last: number;
  /** The term in which this replica votes for itself, 0 when it does not. */
  selfVote = 0;
  selfPreVote = 0;
  /** As leader in this term it acknowledges its own log up to `selfAck`. */
  selfAckTerm = 0;
  selfAck = 0;
  /** The write after this one, as long as both are under way. */
  next: PendingWrite | undefined;

  constructor(
    token: number,
    write: Omit<RaftWrite, 'token' | 'releases'>,
    last: number,
    releases: RaftMessage[],
  ) {
    this.token = token as WriteToken;
    this.snapshot = write.snapshot;
    this.truncateFrom = write.truncateFrom;
    this.entries = write.entries;
    this.hardState = write.hardState;
    this.sync = write.sync;
    this.releases = releases;
    this.last = last;
  }

  /** What `durable` will let go. */
  release(messages: readonly RaftMessage[]): void {
    this.releases = this.releases.length === 0 ? [...messages] : [...this.releases, ...messages];
  }
}

/**
 * The writes under way, oldest first. They become durable in that order. A chain of links: mostly there is one, and an array
 * that runs empty again and again makes room anew each time.
 *
 * When entries from `k` on are overwritten, every write under way is worth nothing beyond `k - 1`: the entries that it brings
 * there will be gone again. That closes the ABA hole without looking at terms: even if the overwriting is itself overwritten
 * by the entries of old, only the write that brings them last makes them durable (compare etcd `newStorageAppendRespMsg`).
 */
export class PendingWrites {
  #oldest: PendingWrite | undefined;
  #newest: PendingWrite | undefined;
  #ordinal = 0;

  get empty(): boolean {
    return this.#oldest === undefined;
  }

  get newest(): PendingWrite | undefined {
    return this.#newest;
  }

  /** @param last the log's last entry, durable with this write */
  add(write: Omit<RaftWrite, 'token' | 'releases'>, last: number, releases: RaftMessage[]): PendingWrite {
    this.#ordinal++;
    const pending = new PendingWrite(this.#ordinal, write, last, releases);
    if (this.#newest === undefined) this.#oldest = pending;
    else this.#newest.next = pending;
    this.#newest = pending;
    return pending;
  }

  /** Entries from `index` on will be overwritten by a write to come. */
  overwrittenFrom(index: number): void {
    for (let write = this.#oldest; write !== undefined; write = write.next) {
      if (write.last >= index) write.last = index - 1;
    }
  }

  /** A snapshot replaces the whole log: writes under way make nothing of it durable. */
  replaced(): void {
    this.overwrittenFrom(1);
  }

  /** The oldest write under way if it is covered by `token`, which then is no longer under way. */
  takeUpTo(token: WriteToken): PendingWrite | undefined {
    invariant(token <= this.#ordinal, 'a write that is reported durable was asked for');
    const write = this.#oldest;
    if (write === undefined || write.token > token) return undefined;
    this.#oldest = write.next;
    if (this.#oldest === undefined) this.#newest = undefined;
    write.next = undefined;
    return write;
  }
}
